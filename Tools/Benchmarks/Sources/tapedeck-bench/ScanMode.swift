import Journal
import Market

/// The recording that `append` left, read in sequence with every CRC checked.
enum ScanMode {
    static func run(count: Int) throws -> String {
        let measurement = Measurement()
        let recording = try Recording.open(RecordMode.directory + "tapedeck-append")
        let cursor = try recording.cursor()
        var records = 0
        var sink: UInt64 = 0
        while let record = try cursor.next() {
            // The first and last byte are looked at, as the kit's walk does.
            if let first = record.payload.first, let last = record.payload.last {
                sink &+= UInt64(first) &+ UInt64(last)
            }
            records += 1
        }
        guard records >= count else {
            throw BenchError("\(records) records, \(count) messages were appended")
        }
        return measurement.line(
            mode: "scan",
            count: count,
            extra: [("records", String(records)), ("sink", String(sink))]
        )
    }
}
