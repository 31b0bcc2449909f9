import ArgumentParser
import Foundation
import Journal
import Market

struct LsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the recordings of an archive.",
        discussion:
            "One line each, oldest first: name, begin, duration, records, size, state, strategies."
    )

    @Option(help: ArgumentHelp("The folder that recordings lie in.", valueName: "dir"))
    var archive = "recordings"

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func run() throws {
        let archive = Archive(archive)
        let names = archive.names()
        if names.isEmpty, !json {
            Printing.note("\(archive.folder)/ holds no recording. `tapedeck demo` makes one.")
            return
        }
        if !json {
            Printing.result(
                Columns.line([
                    ("RECORDING", 28), ("DURATION", -10), ("RECORDS", -10), ("ON DISK", -10),
                    ("STATE", 10), ("STRATEGIES", 0),
                ])
            )
        }
        for name in names { show(name, path: archive.folder + "/" + name) }
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
                    $0.field("environment", facts["environment"] ?? "")
                    $0.field("strategies", facts["strategies"] ?? "")
                }
            } else {
                let duration = manifest.ended.nanoseconds - manifest.started.nanoseconds
                Printing.result(
                    Columns.line([
                        (name, 28), (Columns.duration(duration), -10),
                        (Columns.grouped(manifest.last.value), -10),
                        (Columns.bytes(FolderSize.bytes(of: path)), -10), (state, 10),
                        (facts["strategies"] ?? "", 0),
                    ])
                )
            }
        } catch {
            Printing.note("\(name): \(error)")
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
