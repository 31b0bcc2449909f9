public import Journal
import Market

/// Formats of other recorders that hold one public socket's frames, a line each: time, space, the frame as it came.
///
/// Neither names the category or says whose the times are, and a frame with a line end in it has no place; what is left
/// out is counted by stream.
public enum WireLinesExport {
    public enum Format: Sendable {
        /// tardis.dev's raw lines: RFC 3339 with seven digits of a second, cut, never rounded.
        ///
        /// An empty line is a disconnect.
        case tardis
        /// hftbacktest's collector: Unix nanoseconds.
        case hftbacktest
    }

    /// Writes the frames of the one category among the selected streams.
    ///
    /// - Throws: `unsupported` when frames of two categories are selected: the lines could not be told apart.
    public static func write(
        _ recording: Recording,
        _ selection: RecordSelection,
        _ format: Format,
        to sink: ByteSink
    ) throws(InterchangeError) -> ExportSummary {
        var summary = ExportSummary()
        summary.hidesUnknownArrival = !recording.manifest.knowsArrivalTimes
        var damage: [JournalError] = []
        var times = TimeWriter()
        var line: [UInt8] = []
        var category: Category?
        try RecordWalk.run(recording, selection, damage: &damage) {
            (record, stream) throws(InterchangeError) in
            if stream.slot > 1 {
                return summary.leaveOut(stream, "a second socket's copy")
            }
            switch stream.kind {
            case .publicTopic(let own, _), .publicOther(let own):
                if let category, category != own {
                    throw InterchangeError(
                        .unsupported(
                            "there are frames of \(category.name) and of \(own.name), and the format"
                                + " has no place for the category"
                        ),
                        file: recording.path,
                        advice: "Choose one: --stream 'public/\(own.name)/*'."
                    )
                }
                category = own
            case .link(let socket) where format == .tardis:
                // Only the end of the socket that the frames came from has a sign there.
                guard let category, socket == "public/" + category.name,
                    isDisconnect(record.payload)
                else {
                    return summary.leaveOut(stream, "the format has no place for it")
                }
                summary.records += 1
                return try sink.write([0x0a])
            default: return summary.leaveOut(stream, "the format has no place for it")
            }
            guard !record.payload.contains(0x0a), !record.payload.isEmpty,
                record.payload.last != 0x0d
            else {
                return summary.leaveOut(stream, "a payload that is empty or has a line end in it")
            }
            line.removeAll(keepingCapacity: true)
            switch format {
            case .tardis: times.append(record.time, digits: 7, to: &line)
            case .hftbacktest: line.append(contentsOf: String(record.time.nanoseconds).utf8)
            }
            line.append(0x20)
            line.append(contentsOf: record.payload)
            line.append(0x0a)
            try sink.write(line)
            summary.records += 1
        }
        summary.damage = damage
        return summary
    }

    private static func isDisconnect(_ payload: UnsafeRawBufferPointer) -> Bool {
        let text = String(decoding: payload, as: UTF8.self)
        return text.hasPrefix(#"{"change":"disconnected""#)
    }
}
