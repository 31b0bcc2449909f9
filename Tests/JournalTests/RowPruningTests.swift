import Glibc
import Journal
import Market
import Testing

/// What goes when a row takes more than it may: the oldest, noted, and never what is being written.
@Suite struct RowPruningTests {
    private static func row(_ scratch: Scratch, days: Int, each: Int) throws -> RowTape {
        let row = try RowTape(scratch, .small)
        for day in 1...days {
            try row.append(each)
            try row.roll(day)
        }
        try row.append(each)
        return row
    }

    private static func free(
        _ bytes: UInt64,
        _ scratch: Scratch,
        keep: Int64? = nil,
        files: any JournalFiles = SystemFiles()
    ) throws
        -> RowPruner.Outcome
    {
        var pruner = RowPruner()
        pruner.who = "test"
        pruner.why = "disk: budget"
        return try pruner.free(
            bytes,
            keep: keep,
            in: RowFolder(scratch.path, files: files),
            row: RowTape.name(0),
            now: Sample.time(1_000_000)
        )
    }

    @Test func `whole recordings go, oldest first, and the row says where it begins now`() throws {
        let scratch = try Scratch()
        let row = try Self.row(scratch, days: 6, each: 40)
        try row.waitUntilSealed()
        let folder = RowFolder(scratch.path)
        let before = try folder.members()
        let sizes = before.map { folder.bytes(of: $0.path) }
        let done = try Self.free(sizes[0] + sizes[1], scratch)
        #expect(done.recordings.map(\.recording) == before[..<2].map(\.manifest.id))
        #expect(done.bytesFreed == sizes[0] + sizes[1])
        #expect(try folder.members().count == 5)
        try row.append(10)
        try row.seal()
        let found = try #require(try RowTests.verify(scratch).first)
        #expect(found.state == .sound, "\(found.findings)")
        #expect(
            found.begins == .pruned(recordings: 2, upTo: before[1].manifest.last)
        )
        // Without the notes the same row lacks its front.
        let without = try RowVerifier.verify(
            try folder.members().map(\.path),
            isWhole: true,
            verify: { path throws(JournalError) in try Verifier.verify(path) }
        )
        #expect(without.first?.begins == .unexplained)
    }

    @Test func `what was derived from a recording goes with it, folders and all`() throws {
        let scratch = try Scratch()
        let row = try Self.row(scratch, days: 2, each: 40)
        try row.waitUntilSealed()
        let folder = RowFolder(scratch.path)
        let oldest = try #require(try folder.members().first)
        let bare = folder.bytes(of: oldest.path)
        for name in ["derived", "derived/checkpoints"] {
            try #require(mkdir(oldest.path + "/" + name, 0o700) == 0)
        }
        let other = scratch.path + "-other"
        try #require(mkdir(other, 0o700) == 0)
        defer { rmdir(other) }
        for name in ["desk.sqlite", "checkpoints/40-1.state", "checkpoints/41-2.state"] {
            let file = open(oldest.path + "/derived/" + name, O_CREAT | O_WRONLY, 0o600)
            try #require(file >= 0 && ftruncate(file, 1_000) == 0)
            close(file)
        }
        // A link is a file like any other: what it leads to stays, and is not counted.
        try #require(symlink(other, oldest.path + "/derived/link") == 0)
        let all = folder.bytes(of: oldest.path)
        #expect(all == bare + 3_000)
        let done = try Self.free(all, scratch)
        #expect(done.recordings.map(\.recording) == [oldest.manifest.id])
        #expect(done.bytesFreed == all)
        #expect(access(oldest.path, F_OK) != 0)
        #expect(access(other, F_OK) == 0)
        try row.seal()
    }

    @Test func `segments of the oldest go where that is enough`() throws {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.rollsItself = false
        let row = try RowTape(scratch, options)
        for day in 1...2 {
            for _ in 0..<6 {
                try row.append(300)
                // What has the owner's state can be read without what was before it.
                try row.recorder.roll(checkpoint: Array("state".utf8))
            }
            try row.append(10)
            try row.roll(day)
        }
        try row.waitUntilSealed()
        let folder = RowFolder(scratch.path)
        let before = try #require(try folder.members().first)
        let count = before.manifest.segments.count
        try #require(count > 3)
        let done = try Self.free(1 << 10, scratch)
        #expect(done.recordings.isEmpty && !done.segments.isEmpty)
        #expect(done.bytesFreed >= 1 << 10)
        let after = try #require(try folder.members().first)
        #expect(after.manifest.id == before.manifest.id)
        #expect(after.manifest.segments.count < count)
        try row.seal()
        let found = try #require(try RowTests.verify(scratch).first)
        #expect(found.state == .sound, "\(found.findings) \(found.members)")
    }

    @Test func `what is being written stays, whatever is asked for`() throws {
        let scratch = try Scratch()
        let row = try Self.row(scratch, days: 3, each: 40)
        try row.waitUntilSealed()
        // One that cannot be opened for a moment, as where a process has many files open, stops it until the next look.
        var gone = 0
        try eventually {
            gone += (try? Self.free(.max, scratch).recordings.count) ?? 0
            return gone >= 3
        }
        #expect(gone == 3)
        try row.append(40)
        try row.seal()
        let found = try #require(try RowTests.verify(scratch).first)
        #expect(found.state == .sound && found.members.count == 1)
        let link = try #require(found.members[0].verification.row?.previous)
        #expect(found.begins == .pruned(recordings: 3, upTo: link.last))
    }

    @Test func `a recording that does not open keeps those behind it from being deleted`() throws {
        let scratch = try Scratch()
        let row = try Self.row(scratch, days: 3, each: 40)
        try row.waitUntilSealed()
        // What is listed is what opens at that moment: waited for, so that all four are.
        func listed() throws -> [String] {
            try RowFolder(scratch.path).members().map(\.manifest.id)
        }
        let all = ["day-0000", "day-0001", "day-0002", "day-0003"]
        try eventually { (try? listed()) == all }
        // The first that is opened is the oldest.
        let files = FaultyFiles { call, file, count in
            call == "open" && file == "HEAD" && count == 0 ? .fail(SystemFailure(EMFILE)) : nil
        }
        #expect(throws: JournalError.self) { try Self.free(.max, scratch, files: files) }
        try eventually { (try? listed()) == all }
        #expect(try Self.free(.max, scratch).recordings.count == 3)
    }

    @Test func `what is too old goes without want of room, and nothing else`() throws {
        let scratch = try Scratch()
        let row = try Self.row(scratch, days: 4, each: 40)
        try row.waitUntilSealed()
        let members = try RowFolder(scratch.path).members()
        let now = Sample.time(1_000_000).nanoseconds
        let keep = now - members[1].manifest.ended.nanoseconds - 1
        let done = try Self.free(0, scratch, keep: keep)
        #expect(done.recordings.map(\.recording) == members[..<2].map(\.manifest.id))
        try row.seal()
        #expect(try RowTests.verify(scratch).first?.state == .sound)
    }

    @Test func `a deletion that a crash broke off is carried out by the next`() throws {
        let scratch = try Scratch()
        let row = try Self.row(scratch, days: 3, each: 40)
        try row.waitUntilSealed()
        let folder = RowFolder(scratch.path)
        let first = try #require(try folder.members().first)
        let copy = try Scratch()
        try Scratch.copy(first.path, to: copy.file("kept"))
        _ = try Self.free(1, scratch)
        // As if the crash had come before the first name was unlinked.
        try Scratch.copy(copy.file("kept"), to: first.path)
        try row.append(10)
        try row.seal()
        let found = try #require(try RowTests.verify(scratch).first)
        #expect(found.state == .sound, "\(found.findings)")
        #expect(found.unfinished == [first.manifest.id])
        _ = try Self.free(0, scratch)
        #expect(access(first.path, F_OK) != 0)
        #expect(try RowTests.verify(scratch).first?.unfinished == [])
    }
}
