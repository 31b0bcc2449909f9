public import Journal
import Market

/// A standard MCAP file of the selected records, for readers that do not know our profile.
public enum MCAPExport {
    /// Writes the selected records; the caller finishes the sink.
    ///
    /// - Parameter isIndexed: with a MessageIndex behind each chunk, 16 bytes a message.
    public static func write(
        _ recording: Recording,
        _ selection: RecordSelection,
        isIndexed: Bool,
        to sink: ByteSink
    ) throws(InterchangeError) -> ExportSummary {
        var facts = [Label("recording", recording.id)]
        facts += recording.manifest.labels.map { Label("label." + $0.key, $0.value) }
        let file = try MCAPFile(isIndexed: isIndexed, facts: facts) {
            (bytes) throws(InterchangeError) in
            try sink.write(bytes)
        }
        var damage: [JournalError] = []
        var count: UInt64 = 0
        try RecordWalk.run(recording, selection, damage: &damage) {
            (record, stream) throws(InterchangeError) in
            try file.append(record, stream: stream)
            count += 1
        }
        try file.finish()
        var summary = ExportSummary()
        summary.records = count
        summary.damage = damage
        return summary
    }
}
