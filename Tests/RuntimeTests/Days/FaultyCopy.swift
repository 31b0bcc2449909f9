import JSON
import Journal
import Market
import Runtime
import Trading

/// A recording whose session has a fault in its ledger: all records are the same but for the settings in the first.
enum FaultyCopy {
    static func make(
        of recording: Recording,
        _ fault: LedgerFault,
        at path: String
    ) throws -> Recording {
        let draft = try RecordingDraft(path, id: recording.id)
        let cursor = try recording.cursor()
        while let record = try cursor.next() {
            let name = cursor.name(of: record.stream)
            var payload = Array(record.payload)
            if name.kind == .sessionStart {
                var start = try SessionStart(payload: record.payload, parser: JSONParser())
                start.configuration.append(Setting("ledger.fault", fault.rawValue))
                payload = start.payload()
            }
            try draft.add(name.text, time: record.time, payload: payload)
        }
        try draft.seal()
        return try Recording.open(path)
    }
}
