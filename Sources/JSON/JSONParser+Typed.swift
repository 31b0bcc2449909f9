extension JSONParser {
    /// As ``read(_:_:)``, for bodies whose only error is ``JSONError``.
    public func parse<Result>(
        _ text: UnsafeRawBufferPointer,
        _ body: (JSONValue) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        try body(try root(text))
    }

    public func parse<Result>(
        _ text: [UInt8],
        _ body: (JSONValue) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        let outcome: Swift.Result<Result, JSONError> = text.withUnsafeBytes { bytes in
            do throws(JSONError) {
                return .success(try parse(bytes, body))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
