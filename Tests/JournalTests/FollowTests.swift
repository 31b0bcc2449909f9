import DiskKit
import Glibc
import Market
import Synchronization
import Testing

@testable import Journal

/// A cursor that reads on while a recorder writes: each record once, in order, and the end at the seal.
@Suite struct FollowTests {
    /// What a follower has been given.
    final class Follower {
        let cursor: Cursor
        private(set) var given: [Taken] = []

        init(
            _ path: String,
            from start: CursorStart = .beginning,
            files: any JournalFiles = SystemFiles(),
            where filter: (@Sendable (StreamName) -> Bool)? = nil
        ) throws {
            cursor = try Recording.open(path, files: files)
                .cursor(from: start, streams: filter, follows: true)
        }

        /// Takes what is there now, at most `most` records.
        @discardableResult
        func take(_ most: Int = .max) throws -> Int {
            var count = 0
            while count < most, let record = try cursor.next() {
                given.append(
                    Taken(
                        sequence: record.sequence.value,
                        time: record.time.nanoseconds,
                        stream: cursor.name(of: record.stream).text,
                        payload: Array(record.payload)
                    )
                )
                count += 1
            }
            return count
        }

        /// Takes until `isDone`, for two minutes at most.
        func take(until isDone: (Follower) -> Bool) throws {
            let limit = SystemFiles().now() + 120_000_000_000
            while !isDone(self) {
                if try take() > 0 { continue }
                guard SystemFiles().now() < limit else {
                    Issue.record("nothing more came behind \(given.last?.description ?? "none")")
                    return
                }
                cursor.rest()
            }
        }
    }

    @Test func `a record that is written is there at the next call, in tail or chunk`() throws {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.segmentBytes = 64 << 20
        let tape = try Tape(scratch.file("r"), options)
        let follower = try Follower(scratch.file("r"))
        for round in 1...60 {
            try tape.recorder.waitUntilWritten(try tape.append(round))
            try follower.take()
            #expect(follower.given.owners == tape.taken)
            #expect(!follower.cursor.isAtEnd)
        }
        try tape.recorder.seal()
        try follower.take { $0.cursor.isAtEnd }
        #expect(follower.given.owners == tape.taken)
        #expect(try follower.cursor.next() == nil)
    }

    @Test func `while the disk is full, what only the reserve has is given too`() throws {
        let scratch = try Scratch()
        let disk = SmallDisk(room: 1 << 20)
        var options = RecorderOptions.small
        // So small that its two tails are begun anew many times.
        options.tailBytes = 8 << 10
        options.queueBytes = 64 << 10
        let tape = try Tape(scratch.file("r"), options, files: disk)
        try tape.recorder.waitUntilDurable(try tape.append(100))
        let follower = try Follower(scratch.file("r"))
        for _ in 0..<2 {
            try follower.take { $0.given.owners.count == tape.taken.count }
            disk.fill()
            // Nothing is read while all of this goes through the tails into the reserve.
            for _ in 0..<40 {
                for _ in 0..<10 { try tape.append(on: 2, bytes: 150) }
                try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
            }
            #expect(tape.recorder.statistics.reserveBytes > 32 << 10)
            try follower.take { $0.given.owners.count == tape.taken.count }
            #expect(follower.given.owners == tape.taken)
            disk.add(1 << 20)
            try eventually { tape.recorder.health == .sound }
            try tape.append(50)
        }
        try tape.recorder.seal()
        try follower.take { $0.cursor.isAtEnd }
        #expect(follower.given.owners == tape.taken)
    }

    @Test(arguments: [4096, 700, 60_000])
    func `several followers beside a busy recorder are given all of it over rolls to the seal`(
        chunkBytes: Int
    ) throws {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.chunkBytes = chunkBytes
        let tape = try Tape(scratch.file("r"), options)
        let total = 20_000
        let path = scratch.file("r")
        // Some follow at their own slow pace, so that tails turn under them.
        let followers = try (0..<4).map { index in
            try Follower(path) { index == 3 ? $0.text == Sample.streams[2] : true }
        }
        var appended = 0
        while appended < total {
            let burst = 1 + appended % 97
            try tape.append(burst)
            appended += burst
            try followers[0].take()
            if appended % 5 == 0 { try followers[1].take(300) }
            if appended % 11 == 0 { try followers[2].take(10_000) }
            try followers[3].take(20)
        }
        try tape.recorder.seal()
        for (index, follower) in followers.enumerated() {
            try follower.take { $0.cursor.isAtEnd }
            let expected =
                index == 3 ? tape.taken.filter { $0.stream == Sample.streams[2] } : tape.taken
            #expect(follower.given.owners.count == expected.count)
            #expect(follower.given.owners == expected)
        }
        let all = try Recording.open(path).records()
        #expect(followers[0].given == all)
        #expect(try Recording.open(path).manifest.segments.count > 3)
    }

    @Test func `a follower may begin in the middle, and at what is still to come`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        try tape.recorder.waitUntilWritten(try tape.append(500))
        let middle = try Follower(scratch.file("r"), from: .sequence(SequenceNumber(200)))
        let behind = try Follower(scratch.file("r"), from: .sequence(SequenceNumber(600)))
        let later = Sample.time(640)
        let timed = try Follower(scratch.file("r"), from: .time(later))
        for follower in [middle, behind, timed] { try follower.take() }
        #expect(middle.given.count == tape.recorder.watermarks.written.value.toInt - 199)
        #expect(behind.given.isEmpty && timed.given.isEmpty)
        try tape.append(700)
        try tape.recorder.seal()
        for follower in [middle, behind, timed] { try follower.take { $0.cursor.isAtEnd } }
        let all = try Recording.open(scratch.file("r")).records()
        #expect(middle.given == all.filter { $0.sequence >= 200 })
        #expect(behind.given == all.filter { $0.sequence >= 600 })
        #expect(timed.given == all.filter { $0.time >= later.nanoseconds })
        // Sent back, it gives all of it again.
        try middle.cursor.seek(to: .beginning)
        #expect(!middle.cursor.isAtEnd)
        try middle.take { $0.cursor.isAtEnd }
        #expect(Array(middle.given.suffix(all.count)) == all)
    }

    @Test(arguments: [
        ("sync", "tail-a", 2), ("sync", "tail-b", 1), ("write", "tail-a", 3),
        ("write", "000000000001.mcap", 4), ("sync", "000000000001.mcap", 0),
        ("sync", "000000000001.mcap", 3),
    ])
    func `a failing file under the recorder costs its follower nothing`(
        call: String,
        file: String,
        nth: Int
    ) throws {
        let scratch = try Scratch()
        let files = FaultyFiles { called, name, count in
            called == call && name == file && count == nth ? .fail(.inputOutput) : nil
        }
        let tape = try Tape(scratch.file("r"), files: files)
        let follower = try Follower(scratch.file("r"))
        for round in 0..<60 {
            let last = try tape.append(20 + round)
            if round % 3 == 0 { try tape.recorder.waitUntilDurable(last) }
            try follower.take()
        }
        try tape.recorder.seal()
        #expect(tape.recorder.health != .sound)
        try follower.take { $0.cursor.isAtEnd }
        #expect(follower.given.owners == tape.taken)
        #expect(follower.given == (try Recording.open(scratch.file("r")).records()))
    }

    @Test func `a chunk that changes under the follower is said once, and all else is given`()
        throws
    {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.segmentBytes = 64 << 20
        let tape = try Tape(scratch.file("r"), options)
        let follower = try Follower(scratch.file("r"))
        // Part of the chunk that is hit goes through a tail first.
        try tape.recorder.waitUntilDurable(try tape.append(60))
        try tape.recorder.waitUntilDurable(try tape.append(2_000))
        let index = try Recording.open(scratch.file("r")).layout.lastIndex
        let hit = try #require(index?.entries[2])
        let segment = scratch.file("r") + "/000000000001.mcap"
        let descriptor = open(segment, O_WRONLY)
        #expect(pwrite(descriptor, "XXXX", 4, off_t(hit.offset + hit.length - 9)) == 4)
        close(descriptor)
        var errors: [JournalError] = []
        // Both tails are begun anew: a follower gives what a tail still has of a chunk that does not read.
        for _ in 0..<100 { try tape.recorder.waitUntilDurable(try tape.append(1)) }
        try tape.recorder.close()
        for _ in 0..<20 {
            do throws(JournalError) {
                while let record = try follower.cursor.next() {
                    #expect(record.sequence < hit.first || record.sequence > hit.last)
                }
            } catch {
                errors.append(error)
            }
        }
        #expect(errors.count == 2, "\(errors)")
        #expect(errors.first?.offset == hit.offset)
        #expect(errors.last?.what == "records \(hit.first) to \(hit.last) are missing")
    }

    @Test func `the last chunk before a roll, changed under the follower, is said and passed over`()
        throws
    {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        let follower = try Follower(scratch.file("r"))
        try tape.append(900)
        try tape.recorder.seal()
        let recording = try Recording.open(scratch.file("r"))
        let all = try recording.records()
        let name = recording.manifest.segments[0].name
        let file = try SegmentFile(name, in: recording.layout.directory)
        let hit = try #require(try file.index()?.entries.last)
        let descriptor = open(scratch.file("r") + "/" + name, O_WRONLY)
        #expect(pwrite(descriptor, "XXXX", 4, off_t(hit.offset + hit.length - 9)) == 4)
        close(descriptor)
        var errors: [JournalError] = []
        while !follower.cursor.isAtEnd, errors.count < 10 {
            do {
                try follower.take()
                follower.cursor.rest()
            } catch let error as JournalError {
                errors.append(error)
            }
        }
        #expect(errors.count == 2, "\(errors)")
        #expect(errors.last?.what == "records \(hit.first) to \(hit.last) are missing")
        let range = hit.first.value...hit.last.value
        #expect(follower.given == all.filter { !range.contains($0.sequence) })
    }

    @Test func `a sealed recording and a single file are followed to their end`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        try tape.append(50)
        try tape.recorder.seal()
        for path in [scratch.file("r"), scratch.file("r") + "/000000000001.mcap"] {
            let follower = try Follower(path)
            try follower.take()
            #expect(follower.cursor.isAtEnd)
            #expect(follower.given.owners == tape.taken)
        }
    }
}

extension UInt64 {
    fileprivate var toInt: Int { Int(self) }
}
