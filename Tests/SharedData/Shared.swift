package import Foundation

/// Third-party recordings that lie beside a full checkout; a clone without them skips the tests that need them.
package enum Shared {
    package static let directory: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let candidates = [
            ProcessInfo.processInfo.environment["TAPEDECK_SHARED"].map { URL(filePath: $0) },
            root.appending(path: "../shared").standardized,
        ]
        return candidates.compactMap { $0 }.first {
            FileManager.default.fileExists(atPath: $0.appending(path: "data/bybit").path)
        }
    }()

    package static var isPresent: Bool { directory != nil }

    package static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: try require(url(path), "../shared")))
    }

    package static func lines(_ path: String) throws -> [[UInt8]] {
        try bytes(path).split(separator: UInt8(ascii: "\n")).map(Array.init)
    }

    /// All files below a directory of the shared data.
    package static func files(_ path: String) throws -> [URL] {
        guard let start = url(path),
            let walk = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil)
        else { return [] }
        return walk.compactMap { $0 as? URL }.filter { !$0.hasDirectoryPath }.sorted {
            $0.path < $1.path
        }
    }

    private static func url(_ path: String) -> URL? { directory?.appending(path: path) }
}

package func require<Value>(_ value: Value?, _ what: String) throws -> Value {
    guard let value else { throw Missing(what: what) }
    return value
}

package struct Missing: Error { package var what: String }
