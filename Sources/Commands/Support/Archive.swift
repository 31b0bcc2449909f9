import Foundation
import Glibc

/// The folder that recordings lie in, and how the command line names one of them.
struct Archive {
    var folder: String

    init(_ folder: String = "recordings") { self.folder = folder }

    /// Names of the recordings, oldest first: names begin with the time, so order of text is order of time.
    func names() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { Archive.isRecording(folder + "/" + $0) }.sorted()
    }

    /// Directories that this user may not read, and which may be recordings.
    func unreadable() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { Archive.isForbidden(folder + "/" + $0) }.sorted()
    }

    /// The directory or MCAP file that RECORDING means: a path, `last`, `last~1`, or a unique prefix of a name.
    func path(of text: String) throws -> String {
        if Archive.isFile(text) { return text }
        if Archive.isForbidden(text) { throw Archive.forbidden(text) }
        if text.contains("/") || Archive.isRecording(text) {
            guard Archive.isRecording(text) else {
                throw Failure(
                    .notFound,
                    "\(text) is not a recording",
                    do: "`tapedeck ls` lists the recordings."
                )
            }
            return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
        }
        let names = names()
        if text == "last" || text.hasPrefix("last~") {
            let back = text == "last" ? 0 : Int(text.dropFirst(5)) ?? -1
            guard back >= 0, back < names.count else {
                throw Failure(
                    .notFound,
                    names.isEmpty
                        ? "\(folder)/ holds no recording"
                        : "\(folder)/ holds \(names.count) recordings, so there is no \(text)",
                    do: "`tapedeck demo` makes one; --archive DIR names another folder."
                )
            }
            return folder + "/" + names[names.count - 1 - back]
        }
        let matching = names.filter { $0.hasPrefix(text) }
        if matching.count == 1 { return folder + "/" + matching[0] }
        if matching.contains(text) { return folder + "/" + text }
        guard matching.isEmpty else {
            throw Failure(
                .usage,
                "\(text) is the beginning of \(matching.count) recordings",
                do: "They are: \(matching.prefix(5).joined(separator: ", "))."
            )
        }
        if let name = unreadable().first(where: { $0.hasPrefix(text) }) {
            throw Archive.forbidden(folder + "/" + name)
        }
        throw Failure(
            .notFound,
            "no recording is called \(text)",
            do: "`tapedeck ls` lists the recordings in \(folder)/."
        )
    }

    /// A directory that holds a segment, a tail or a manifest of ours.
    static func isRecording(_ path: String) -> Bool {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            return false
        }
        return names.contains { $0 == "manifest.json" || $0 == "HEAD" || $0.hasSuffix(".mcap") }
    }

    /// What is there and may not be looked into, or lies where this user may not look.
    private static func isForbidden(_ path: String) -> Bool {
        guard let folder = opendir(path) else { return errno == EACCES || errno == EPERM }
        closedir(folder)
        return false
    }

    private static func forbidden(_ path: String) -> Failure {
        Failure(
            .disk,
            "this user may not read it",
            at: path,
            do: "Run as its owner, or let its owner give you the right to read it."
        )
    }

    /// A regular file, which may be MCAP of any origin.
    private static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && !isFolder.boolValue
    }

    /// `<UTC>-<4 hex>`, such as `2026-11-22T20-18-05Z-7f3a`.
    static func newName() -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyy-MM-dd'T'HH-mm-ss'Z'"
        let digits = String(UInt16.random(in: 0...UInt16.max), radix: 16)
        let suffix = String(repeating: "0", count: 4 - digits.count) + digits
        return formatter.string(from: Date()) + "-" + suffix
    }
}
