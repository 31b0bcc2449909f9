import Market
import Testing

/// The table of crash points in the format's page, row by row.
enum CrashTable {
    typealias Event = CrashFiles.Event

    /// What the recorder lives through while it is watched.
    enum Story: CaseIterable {
        case run, outage
        /// The next run begins behind one that was killed.
        case recovery
        /// The same, and the killed one's last segment has no chunk.
        case replacement
    }

    struct Row: Sendable {
        /// The first column, as the page has it.
        var name: String
        var story: Story
        /// The crash comes behind the first and before the second, with neither between; each pair must be met.
        var between: [(Event, Event)]
        /// What a kill leaves is sealed.
        var isSealed = false

        init(
            _ name: String,
            _ story: Story,
            _ between: [(Event, Event)],
            isSealed: Bool = false
        ) {
            self.name = name
            self.story = story
            self.between = between
            self.isSealed = isSealed
        }
    }

    static let rows: [Row] = [
        Row("tail write, tail sync", .run, [(.tailWrite, .tailSync)]),
        Row("tail sync, chunk write", .run, [(.tailSync, .chunkWrite)]),
        Row("chunk write, segment sync", .run, [(.chunkWrite, .segmentSync)]),
        Row("segment sync, HEAD write", .run, [(.segmentSync, .headWrite)]),
        Row("HEAD write, HEAD sync", .run, [(.headWrite, .headSync)]),
        Row("HEAD sync, tail reuse", .run, [(.headSync, .tailReuse)]),
        Row("tail reuse, roll", .run, [(.tailReuse, .index)]),
        Row(
            "roll: index, DataEnd, sync, footer",
            .run,
            [(.index, .dataEnd), (.dataEnd, .segmentSync), (.segmentSync, .footer)]
        ),
        Row("seal: footer, manifest", .run, [(.sealedFooter, .manifest)], isSealed: true),
        Row("reserve write, reserve sync", .outage, [(.reserveWrite, .reserveSync)]),
        Row("reserve sync, new segment", .outage, [(.reserveSync, .building)]),
        Row("new segment: building, rename", .outage, [(.building, .rename)]),
        Row("new segment: rename, reserve begun anew", .outage, [(.rename, .reserveBegun)]),
        Row("roll: footer, rename of the next segment", .run, [(.footer, .rename)]),
        Row("recovery: building, rename", .recovery, [(.building, .rename)]),
        Row("recovery: rename, new tails", .recovery, [(.rename, .newTail)]),
        Row(
            "recovery: rename over a segment without a chunk, HEAD write",
            .replacement,
            [(.replacement, .headWrite)]
        ),
    ]

    /// Places that no row of the page names by itself, met as well.
    static let others: [Row] = [
        Row("a new segment's first records", .run, [(.rename, .tailWrite), (.rename, .headWrite)]),
        Row("an outage begins", .outage, [(.tailWrite, .reserveWrite)]),
        Row("a tail is free by the reserve", .outage, [(.reserveSync, .tailReuse)]),
    ]

    static func rows(of story: Story) -> [Row] { (rows + others).filter { $0.story == story } }

    /// The first column of the table in the page.
    static func page() throws -> [String] {
        let file: String = #filePath
        let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
        let path = "/" + root + "/Sources/Journal/Journal.docc/Format.md"
        let text = String(decoding: try Scratch.read(path), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix("| Crash between |") })
        return lines[(start + 2)...].prefix { $0.hasPrefix("| ") }.map { line in
            let cell = line.dropFirst(2).prefix { $0 != "|" }
            return String(cell.reversed().drop { $0 == " " }.reversed())
        }
    }
}
