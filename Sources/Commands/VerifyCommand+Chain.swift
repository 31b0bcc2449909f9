import Foundation
import Journal
import Market

/// `verify --chain`: a row of recordings.
extension VerifyCommand {
    func judgeRow() throws -> ExitStatus {
        let (paths, folder) = try rowPaths()
        if !inChild, let status = try ChildJudge.run(folder ?? paths[0]) { return status }
        try Sandbox.denyOutgoing()
        let rows: [RowVerification]
        do throws(JournalError) {
            // Without the folder nothing tells of what was deleted, and a part of a row may be asked for.
            let notes = VerifyCommand.folder(of: paths, folder)
            let deleted = try notes.map { path throws(JournalError) in
                try PrunedRecording.all(in: path)
            }
            rows = try RowVerifier.verify(
                paths,
                isWhole: folder != nil,
                deleted: deleted ?? [],
                verify: { path throws(JournalError) in try verified(path) }
            )
        } catch {
            throw Failure(error)
        }
        for row in rows { json ? printJSON(row) : printText(row) }
        var worst = ExitStatus.yes
        for row in rows {
            switch row.state {
            case .sound: break
            case .cut: worst = worst == .undecided ? worst : .no
            case .damaged: worst = .undecided
            }
        }
        return worst
    }

    /// The recordings to check, and the folder where all of one is meant.
    private func rowPaths() throws -> (paths: [String], folder: String?) {
        let folder = recordings.isEmpty ? archive : recordings[0]
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
        guard recordings.count <= 1, isThere, isFolder.boolValue, !Archive.isRecording(folder)
        else {
            return (try recordings.map { try Archive(archive).path(of: $0) }, nil)
        }
        let members: [RowFolder.Member]
        do throws(JournalError) {
            members = try RowFolder(folder).members()
        } catch {
            throw Failure(error)
        }
        guard !members.isEmpty else {
            throw Failure(
                .notFound,
                "\(folder) holds no recording of a row",
                do: "A session with `roll: day` writes one; verify others one by one."
            )
        }
        return (members.map(\.path), folder)
    }

    /// Where the notes of deleted recordings are: in the folder that the recordings lie in.
    private static func folder(of paths: [String], _ folder: String?) -> String? {
        if let folder { return folder }
        guard let path = paths.first else { return nil }
        let parent = URL(filePath: path).deletingLastPathComponent().path
        return FileManager.default.fileExists(atPath: parent) ? parent : nil
    }

    private func printText(_ row: RowVerification) {
        Printing.result("row        \(row.row)")
        Printing.result("state      \(row.state.rawValue)")
        Printing.result("begins     \(VerifyCommand.words(of: row.begins))")
        Printing.result(
            "records    \(Columns.grouped(row.records)), \(row.first) to \(row.last), in "
                + Columns.count(row.members.count, "recording")
        )
        for member in row.members {
            let result = member.verification
            Printing.result(
                "           \(result.id)  \(result.first) to \(result.last)  \(result.state.rawValue)"
                    + (result.isSealed ? "" : ", not sealed")
            )
        }
        for member in row.members {
            for finding in member.verification.findings {
                Printing.result("finding    \(finding)")
            }
        }
        for finding in row.findings { Printing.result("finding    \(finding)") }
        for name in row.unfinished {
            Printing.result("deleted    \(name), as was noted; a crash left the rest of it")
        }
    }

    private static func words(of begins: RowVerification.Begins) -> String {
        switch begins {
        case .whole: "with its first recording"
        case .pruned(let count, let last):
            "behind record \(last): \(Columns.count(count, "recording")) were deleted, see pruned.jsonl"
        case .given(let place): "with recording \(place) of the row; those before it were not named"
        case .unexplained: "later than its first recording, and nothing says why"
        }
    }

    private static func word(of begins: RowVerification.Begins) -> String {
        switch begins {
        case .whole: "whole"
        case .pruned: "pruned"
        case .given: "given"
        case .unexplained: "unexplained"
        }
    }

    private func printJSON(_ row: RowVerification) {
        Printing.json(schema: "verify") {
            $0.field("row", row.row)
            $0.field("state", row.state.rawValue)
            $0.field("begins", VerifyCommand.word(of: row.begins))
            $0.nested("sequence") {
                $0.field("first", row.first)
                $0.field("last", row.last)
            }
            $0.field("records", Int64(clamping: row.records))
            $0.field(
                "recordings",
                array: { rows in
                    for member in row.members {
                        rows.object {
                            $0.field("recording", member.verification.id)
                            $0.field("path", member.path)
                            $0.field("state", member.verification.state.rawValue)
                            $0.field("sealed", member.verification.isSealed)
                            $0.field("first", member.verification.first)
                            $0.field("last", member.verification.last)
                            $0.field("chain", member.verification.chain.description)
                        }
                    }
                }
            )
            $0.field(
                "findings",
                array: { rows in
                    for member in row.members {
                        for finding in member.verification.findings {
                            rows.object {
                                $0.field("recording", member.verification.id)
                                $0.field("what", "\(finding)")
                            }
                        }
                    }
                    for finding in row.findings {
                        rows.object {
                            $0.field("recording", finding.recording)
                            $0.field("what", finding.what)
                        }
                    }
                }
            )
            $0.field("unfinished", array: { for name in row.unfinished { $0.value(name) } })
        }
    }
}
