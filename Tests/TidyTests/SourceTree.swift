import Foundation

/// The Swift sources of the package, read once, with comments and string contents blanked out.
struct SourceTree {
    struct File {
        /// Path from the package's root, such as `Sources/Market/Book.swift`.
        var path: String
        /// The module: the folder below `Sources`.
        var module: String
        var lines: [String]
        /// The same lines without comments and without what stands between quotes.
        var code: [String]
    }

    struct Import: Hashable {
        var module: String
        var file: String
        var line: Int
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    let files: [File]

    init(root: URL = SourceTree.root) throws {
        let sources = root.appending(path: "Sources")
        var files: [File] = []
        let walk = FileManager.default.enumerator(atPath: sources.path)
        while let path = walk?.nextObject() as? String {
            guard path.hasSuffix(".swift"), let slash = path.firstIndex(of: "/") else { continue }
            let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(
                String.init
            )
            files.append(
                File(
                    path: "Sources/" + path,
                    module: String(path[..<slash]),
                    lines: lines,
                    code: SourceTree.code(of: lines)
                )
            )
        }
        self.files = files.sorted { $0.path < $1.path }
    }

    var imports: [String: [Import]] {
        var result: [String: [Import]] = [:]
        for file in files {
            for (index, line) in file.code.enumerated() {
                guard let module = SourceTree.imported(in: line) else { continue }
                result[file.module, default: []].append(
                    Import(module: module, file: file.path, line: index + 1)
                )
            }
        }
        return result
    }

    /// The module that a line imports; `public import struct A.B` gives `A`.
    static func imported(in line: String) -> String? {
        var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        while let first = words.first,
            first.hasPrefix("@")
                || ["public", "package", "internal", "fileprivate", "private"].contains(first)
        {
            words.removeFirst()
        }
        guard words.first == "import", words.count >= 2 else { return nil }
        let kinds = ["struct", "class", "enum", "protocol", "func", "typealias", "let", "var"]
        let name = kinds.contains(words[1]) && words.count >= 3 ? words[2] : words[1]
        return name.split(separator: ".").first.map(String.init)
    }

    /// Blanks comments and string contents; good enough for house style, not a parser.
    static func code(of lines: [String]) -> [String] {
        var inBlock = false
        var inText = false
        return lines.map { line in
            if line.contains("\"\"\"") {
                let count = line.components(separatedBy: "\"\"\"").count - 1
                if count % 2 == 1 { inText.toggle() }
                return ""
            }
            if inText { return "" }
            var result = ""
            var inString = false
            var previous: Character = " "
            var characters = Array(line)[...]
            while let character = characters.first {
                let next = characters.dropFirst().first
                if inBlock {
                    if character == "*", next == "/" {
                        inBlock = false
                        characters = characters.dropFirst()
                    }
                } else if inString {
                    if character == "\"", previous != "\\" {
                        inString = false
                        result.append("\"")
                    }
                } else if character == "/", next == "/" {
                    break
                } else if character == "/", next == "*" {
                    inBlock = true
                } else if character == "\"" {
                    inString = true
                    result.append("\"")
                } else {
                    result.append(character)
                }
                previous = previous == "\\" && character == "\\" ? " " : character
                characters = characters.dropFirst()
            }
            return result
        }
    }
}
