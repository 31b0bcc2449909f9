import Foundation
import Journal
import Market

/// What a bundle says of itself, read back from the attachment that ``BundleNote`` made.
struct BundleDescription: Decodable {
    struct Part: Decodable {
        var first: UInt64
        var last: UInt64
    }

    struct LeftOut: Decodable {
        var stream: String
        var records: Int64
    }

    struct Versions: Decodable {
        var program: String
        var system: String
    }

    struct Source: Decodable {
        var state: String
        var first: UInt64
        var last: UInt64
        var damage: [String]
    }

    var schema: String
    /// Id of the recording that it was taken from.
    var of: String
    /// The records of that recording it was taken from.
    var sequence: Part
    var started: String
    var ended: String
    var records: Int64
    /// It has what tells of the account.
    var isPrivate: Bool
    var leftOut: [LeftOut]
    /// Secrets that its records were searched for.
    var keysSearched: Int
    var versions: Versions
    /// That recording as it was then.
    var manifest: Source

    private enum CodingKeys: String, CodingKey {
        case schema, of, sequence, started, ended, records, versions, manifest
        case isPrivate = "private"
        case leftOut = "left_out"
        case keysSearched = "keys_searched"
    }

    /// `nil` where there is none; of one that does not read the reason.
    static func read(
        _ recording: Recording,
        _ attachments: [Recording.Attachment]
    ) -> Result<BundleDescription, any Error>? {
        guard let note = attachments.first(where: { $0.name == BundleNote.name }) else {
            return nil
        }
        return Result {
            let data = Data(try recording.contents(of: note))
            return try JSONDecoder().decode(BundleDescription.self, from: data)
        }
    }

    private var leftOutRecords: Int64 { leftOut.reduce(0) { $0 + $1.records } }

    /// For people.
    var lines: [String] {
        var lines = [
            "of \(of): \(Columns.grouped(UInt64(clamping: records))) records of its \(sequence.first) to \(sequence.last),"
                + " \(started) to \(ended)"
        ]
        let account =
            isPrivate ? "with what tells of the account" : "without what tells of an account"
        lines.append("\(account); searched for \(Columns.count(keysSearched, "secret"))")
        for row in leftOut {
            lines.append(
                "left out: \(row.stream), \(Columns.grouped(UInt64(clamping: row.records)))"
            )
        }
        lines.append(
            "that recording was \(manifest.state), records \(manifest.first) to \(manifest.last)"
        )
        for damage in manifest.damage { lines.append("damage there: \(damage)") }
        lines.append("made by \(versions.program) on \(versions.system)")
        return lines
    }

    func write(into json: inout JSONWriter) {
        json.field("of", of)
        json.nested("sequence") {
            $0.field("first", Int64(clamping: sequence.first))
            $0.field("last", Int64(clamping: sequence.last))
        }
        json.field("started", started)
        json.field("ended", ended)
        json.field("records", records)
        json.field("private", isPrivate)
        json.field("left_out", leftOutRecords)
        json.field("keys_searched", keysSearched)
        json.field("program", versions.program)
        json.field("system", versions.system)
    }
}
