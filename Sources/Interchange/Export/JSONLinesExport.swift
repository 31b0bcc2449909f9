public import Journal
import Market

/// One object a record, from which the record comes back byte for byte.
///
/// `{"schema":"tapedeck.export/1","sequence":7,"time":"…","stream":"public/linear/…","payload":"…"}`; a payload that is
/// no UTF-8 stands in `payload_base64` instead. Where the recording does not know when its records arrived each line says
/// `"arrival_times_known":false` behind its time: a part of the lines says it too.
public enum JSONLinesExport {
    static let schema = "tapedeck.export/1"
    static let arrivalKey = "arrival_times_known"
    private static let beginning = Array(#"{"schema":"\#(schema)","sequence":"#.utf8)

    /// Writes the selected records; the caller finishes the sink.
    public static func write(
        _ recording: Recording,
        _ selection: RecordSelection,
        to sink: ByteSink
    ) throws(InterchangeError) -> ExportSummary {
        var summary = ExportSummary()
        var times = TimeWriter()
        var line: [UInt8] = []
        var count: UInt64 = 0
        let afterTime = Array(
            (recording.manifest.knowsArrivalTimes
                ? #"","stream":""# : #"","\#(arrivalKey)":false,"stream":""#).utf8
        )
        try RecordWalk.run(recording, selection, damage: &summary.damage) {
            (record, stream) throws(InterchangeError) in
            line.removeAll(keepingCapacity: true)
            line.append(contentsOf: beginning)
            line.append(contentsOf: String(record.sequence.value).utf8)
            line.append(contentsOf: #","time":""#.utf8)
            times.append(record.time, to: &line)
            line.append(contentsOf: afterTime)
            stream.text.utf8.withContiguousStorageIfAvailable {
                escape(UnsafeRawBufferPointer($0), into: &line)
            }
            if isUTF8(record.payload) {
                line.append(contentsOf: #"","payload":""#.utf8)
                escape(record.payload, into: &line)
            } else {
                line.append(contentsOf: #"","payload_base64":""#.utf8)
                Base64.encode(record.payload, into: &line)
            }
            line.append(contentsOf: "\"}\n".utf8)
            try sink.write(line)
            count += 1
        }
        summary.records = count
        return summary
    }

    private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var high: UInt8 = 0
        for byte in bytes { high |= byte }
        return high < 0x80 || String(validating: bytes, as: UTF8.self) != nil
    }

    /// Text between quotes: quotes, backslashes and control characters are escaped, all else stands as it is.
    static func escape(_ text: UnsafeRawBufferPointer, into line: inout [UInt8]) {
        var start = 0
        for index in 0..<text.count {
            let byte = text[index]
            guard byte < 0x20 || byte == 0x22 || byte == 0x5c else { continue }
            line.append(contentsOf: text[start..<index])
            start = index + 1
            line.append(0x5c)
            switch byte {
            case 0x22, 0x5c: line.append(byte)
            case 0x0a: line.append(0x6e)
            case 0x0d: line.append(0x72)
            case 0x09: line.append(0x74)
            default:
                let digits = Array("0123456789abcdef".utf8)
                line.append(contentsOf: "u00".utf8)
                line.append(digits[Int(byte >> 4)])
                line.append(digits[Int(byte & 15)])
            }
        }
        line.append(contentsOf: text[start...])
    }
}
