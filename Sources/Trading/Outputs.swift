public import Market

/// What the core says, in order, each with the bytes that are recorded of it: written once, then hashed, recorded or
/// compared.
public struct Outputs: Sendable {
    public private(set) var elements: [Output] = []
    private var json = JSONWriter()
    /// Where the payload of the element at the same place ends.
    private var ends: [Int] = []

    public init() {}

    public var isEmpty: Bool { elements.isEmpty }
    public var count: Int { elements.count }

    public mutating func append(_ output: Output) {
        json.next()
        output.write(into: &json)
        ends.append(json.bytes.count)
        elements.append(output)
    }

    public mutating func removeAll() {
        guard !elements.isEmpty else { return }
        elements.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        json.reset()
    }

    /// The payload of the element at `place`; good within the body only.
    public func withPayload<Result, Failure: Error>(
        _ place: Int,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = place == 0 ? 0 : ends[place - 1]
        let end = ends[place]
        return try json.bytes.withUnsafeBufferPointer { (bytes) throws(Failure) -> Result in
            try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[start..<end])))
        }
    }

    public func payload(_ place: Int) -> [UInt8] { withPayload(place) { Array($0) } }
}
