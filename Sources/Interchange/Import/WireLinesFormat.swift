import Bybit
import Market

/// Lines of other recorders: a time, a space, a public socket's frame as it came.
struct WireLinesFormat: LineFormat {
    let format: WireLinesExport.Format
    let category: Category
    private var last: Timestamp?
    /// Names of streams by the hash of their topic.
    private var names: [UInt64: String] = [:]

    init(_ format: WireLinesExport.Format, _ category: Category) {
        self.format = format
        self.category = category
    }

    mutating func read(_ line: [UInt8], number: Int) throws(LineError) -> ImportedRecord? {
        if line.isEmpty {
            // tardis marks a disconnect so; it has the time of the line before.
            guard format == .tardis else { throw LineError("it is empty") }
            guard let last else { return nil }
            return ImportedRecord(
                time: last,
                stream: SocketName.publicData(category).linkStream.text,
                payload: Array(
                    (#"{"change":"disconnected","socket":"public/\#(category.name)","#
                        + #""reason":"imported: an empty line","count":0}"#).utf8
                )
            )
        }
        guard let space = line.firstIndex(of: 0x20) else {
            throw LineError("it has no space behind a time")
        }
        let time: Timestamp? = line[..<space].withUnsafeBytes { text in
            switch format {
            case .tardis: TimeText.read(UnsafeRawBufferPointer(rebasing: text[...]))
            case .hftbacktest:
                Int64(String(decoding: text, as: UTF8.self)).map { Timestamp(nanoseconds: $0) }
            }
        }
        guard let time else {
            throw LineError(
                format == .tardis
                    ? "it does not begin with a time such as 2019-08-01T08:52:00.1324272Z"
                    : "it does not begin with Unix nanoseconds"
            )
        }
        let payload = Array(line[(space + 1)...])
        guard !payload.isEmpty else { throw LineError("there is no message behind the time") }
        last = time
        return ImportedRecord(time: time, stream: name(of: payload), payload: payload)
    }

    private mutating func name(of payload: [UInt8]) -> String {
        payload.withUnsafeBytes { frame in
            let topic = StreamNaming.topic(of: frame)
            let hash = StreamNaming.hash(topic)
            if let name = names[hash] { return name }
            let name = StreamNaming.name(.publicData(category), topic: topic).text
            names[hash] = name
            return name
        }
    }
}
