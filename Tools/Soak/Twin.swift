import Glibc
import Journal

/// A second name for every file of the row, so that what is pruned can be counted at the end.
///
/// The row's own directories are left alone: pruning takes names away, and the bytes stay under the twin's.
struct Twin {
    let row: String
    let path: String
    /// Recordings whose seal the twin has.
    private var sealed: Set<String> = []

    init(of row: String, at path: String) {
        self.row = row
        self.path = path
        mkdir(path, 0o700)
    }

    /// Looks for what is new; within the time between two looks nothing that is new is pruned.
    mutating func look() {
        for name in Files.names(in: row) where !sealed.contains(name) {
            let source = row + "/" + name
            let files = Files.names(in: source)
            let segments = files.filter { $0.hasSuffix(".mcap") && $0.first?.isNumber == true }
            guard !segments.isEmpty else { continue }
            let copy = path + "/" + name
            mkdir(copy, 0o700)
            for file in segments { link(source + "/" + file, copy + "/" + file) }
            link(source + "/HEAD", copy + "/HEAD")
            // The manifest is not taken along: of a pruned recording it no longer lists what is here. It is derived anyhow.
            let manifest = Files.bytes(of: source + "/manifest.json")
            let isSealed = String(decoding: manifest, as: UTF8.self).contains(#""sealed""#)
            if isSealed { sealed.insert(name) }
        }
    }
}
