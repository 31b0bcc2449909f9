import JSON
import Market

/// Lines as ``JSONLinesExport`` writes them.
struct JSONLinesFormat: LineFormat {
    private let parser = JSONParser()

    mutating func read(_ line: [UInt8], number: Int) throws(LineError) -> ImportedRecord? {
        guard !line.isEmpty else { return nil }
        return try line.withTypedBytes { text throws(LineError) in try read(text) }
    }

    private func read(_ text: UnsafeRawBufferPointer) throws(LineError) -> ImportedRecord {
        let root: JSONValue
        do throws(JSONError) {
            root = try parser.root(text)
        } catch {
            throw LineError("it is no JSON: \(error)")
        }
        guard root.isObject else { throw LineError("it is no object") }
        guard let schema = root["schema"]?.string else { throw LineError("`schema` is missing") }
        guard schema == JSONLinesExport.schema else {
            throw LineError("its schema is `\(schema)`, not `\(JSONLinesExport.schema)`")
        }
        guard let stream = root["stream"]?.string, !stream.isEmpty else {
            throw LineError("`stream` is missing")
        }
        guard let value = root["time"], value.isString, let time = TimeText.read(value.raw) else {
            throw LineError(
                "`time` is missing or is no time such as 2026-01-13T00:00:00.000000000Z"
            )
        }
        let payload: [UInt8]
        if let text = root["payload"]?.string {
            payload = Array(text.utf8)
        } else if let text = root["payload_base64"], text.isString {
            guard let bytes = Base64.decode(text.raw) else {
                throw LineError("`payload_base64` is no base64")
            }
            payload = bytes
        } else {
            throw LineError("`payload` is missing")
        }
        var record = ImportedRecord(
            time: time,
            stream: stream,
            payload: payload,
            sequence: root["sequence"]?.uint64.map { SequenceNumber($0) }
        )
        if let value = root[JSONLinesExport.arrivalKey] {
            guard let isKnown = value.bool else {
                throw LineError("`\(JSONLinesExport.arrivalKey)` is neither true nor false")
            }
            record.knowsArrivalTime = isKnown
        }
        return record
    }
}
