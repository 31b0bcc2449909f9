import ArgumentParser
import Foundation
import Journal
import Market

struct LsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the recordings of an archive.",
        discussion:
            """
            One line each, oldest first: name, duration, records, size, state, files beside the segments that are not
            read (`info` and `verify` name them), environment, strategies.
            """
    )

    @Option(help: ArgumentHelp("The folder that recordings lie in.", valueName: "dir"))
    var archive = "recordings"

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func run() throws {
        let archive = Archive(archive)
        let forbidden = archive.unreadable()
        let names = (archive.names() + forbidden).sorted()
        if names.isEmpty, !json {
            Printing.note("\(archive.folder)/ holds no recording. `tapedeck demo` makes one.")
            return
        }
        if !json {
            Printing.result(
                Columns.line([
                    ("RECORDING", 28), ("DURATION", -10), ("RECORDS", -10), ("ON DISK", -10),
                    ("STATE", 10), ("STRAYS", -6), ("ENVIRONMENT", 24), ("STRATEGIES", 0),
                ])
            )
        }
        for name in names {
            let path = archive.folder + "/" + name
            if forbidden.contains(name) {
                showUnread(name, path, "this user may not read it")
            } else {
                show(name, path: path)
            }
        }
    }

    /// What is there all the same.
    private func showUnread(_ name: String, _ path: String, _ why: String) {
        guard json else {
            Printing.result(
                Columns.line([
                    (name, 28), ("-", -10), ("-", -10), ("-", -10), ("unreadable", 10), ("-", -6),
                    (why, 0),
                ])
            )
            return
        }
        Printing.json(schema: "ls") {
            $0.field("recording", name)
            $0.field("path", path)
            $0.field("state", "unreadable")
            $0.field("why", why)
        }
    }

    private func show(_ name: String, path: String) {
        do throws(JournalError) {
            let recording = try Recording.open(path)
            let manifest = recording.manifest
            let facts = Dictionary(
                manifest.labels.map { ($0.key, $0.value) },
                uniquingKeysWith: { first, _ in first }
            )
            let state = recording.isHeld ? "recording" : manifest.state.rawValue
            if json {
                Printing.json(schema: "ls") {
                    $0.field("recording", name)
                    $0.field("path", path)
                    $0.field("state", state)
                    $0.field("started", manifest.started.description)
                    $0.field("ended", manifest.ended.description)
                    $0.field("first", manifest.first)
                    $0.field("last", manifest.last)
                    $0.field("bytes", FolderSize.bytes(of: path))
                    $0.field(
                        "strays",
                        array: { list in
                            for stray in recording.strays {
                                list.object {
                                    $0.field("file", stray.file)
                                    $0.field("what", stray.what)
                                    $0.field("todo", stray.advice)
                                }
                            }
                        }
                    )
                    $0.field("environment", facts["environment"] ?? "")
                    $0.field("strategies", facts["strategies"] ?? "")
                }
            } else {
                let duration = manifest.duration
                Printing.result(
                    Columns.line([
                        (name, 28), (Columns.duration(duration), -10),
                        (Columns.grouped(manifest.last.value), -10),
                        (Columns.bytes(FolderSize.bytes(of: path)), -10), (state, 10),
                        (recording.strays.isEmpty ? "-" : "\(recording.strays.count)", -6),
                        (facts["environment"] ?? "-", 24), (facts["strategies"] ?? "", 0),
                    ])
                )
            }
        } catch {
            showUnread(name, path, error.what)
            Printing.note("\(error)")
        }
    }
}

/// Bytes that a recording's own files take; `derived/` is not part of it.
enum FolderSize {
    static func bytes(of path: String) -> Int {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return attributes?[.size] as? Int ?? 0
        }
        return names.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + "/" + name)
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { return sum }
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }
}
