import Market
import Testing

@testable import Journal

/// Numbers and times that no recorder comes to, with checksums that are right: refused or let be, never a trap.
@Suite struct FarValuesTests {
    private static func rewriteHead(_ path: String, _ change: (inout Head) -> Void) throws {
        var bytes = try Scratch.read(path + "/HEAD")
        for slot in 0..<2 {
            let range =
                slot * Int(Head.slotDistance)..<slot * Int(Head.slotDistance) + Head.slotBytes
            guard range.upperBound <= bytes.count,
                var head = bytes.withUnsafeBytes({
                    Head(slot: UnsafeRawBufferPointer(rebasing: $0[range]))
                })
            else { continue }
            change(&head)
            bytes.replaceSubrange(range, with: head.encode().array)
        }
        try Scratch.write(bytes, to: path + "/HEAD")
    }

    private static func killed(_ scratch: Scratch) throws -> (path: String, records: [Taken]) {
        let tape = try Tape(scratch.file("r"))
        try tape.recorder.waitUntilDurable(try tape.append(60))
        let path = scratch.file("killed")
        try Scratch.copy(scratch.file("r"), to: path)
        return (path, try Recording.open(path).records())
    }

    @Test func `a HEAD of the largest generation or run is no HEAD, and nothing is lost`() throws {
        for change: (inout Head) -> Void in [
            { $0.generation = .max }, { $0.run = UInt64(Int.max) }, { $0.run = .max },
        ] {
            let scratch = try Scratch()
            let (path, records) = try Self.killed(scratch)
            #expect(records.count > 50)
            // The slots are found and rewritten: what is shown below is shown of the value.
            try Self.rewriteHead(path) { $0.durable = $0.durable }
            #expect(try Recording.open(path).records() == records)
            try Self.rewriteHead(path, change)
            #expect(try Recording.open(path).records() == records)
            // Either it goes on behind all of them, or it says why not.
            do throws(JournalError) {
                let recorder = try Recorder.open(path)
                #expect(recorder.next > SequenceNumber(records.last?.sequence ?? .max))
                try recorder.close()
            } catch {
                #expect(error.description.contains(path), "\(error)")
            }
        }
    }

    @Test func `a segment of the largest run is refused where it is read`() throws {
        let metadata = MCAP.Metadata(
            name: SegmentHead.metadataName,
            values: [
                Label("format", "1"), Label("recording", "an id"), Label("run", String(Int.max)),
                Label("first", "1"), Label("chain", ChainHasher.genesis(id: "an id").description),
                Label("time", "0"), Label("recovered", "0"),
            ]
        )
        #expect(throws: JournalError.Reason.self) { try SegmentHead(metadata) }
        var possible = metadata
        possible.values[2] = Label("run", "7")
        #expect(try SegmentHead(possible).run == 7)
    }

    @Test func `a segment is old by an age that a number can hold, and by no other`() throws {
        let scratch = try Scratch()
        let source = scratch.file("source")
        _ = try PruningTests.recording(source, nil)
        for (now, goes) in [
            (Timestamp(nanoseconds: .min), false), (Timestamp(nanoseconds: .max), true),
        ] {
            let path = scratch.file("r\(now.nanoseconds)")
            try Scratch.copy(source, to: path)
            let plan = try PruningTests.pruner(nil).prune(
                path,
                rule: DiskRule(keep: 1),
                now: now
            )
            #expect(plan.going.isEmpty != goes)
            #expect(try Verifier.verify(path).state == .sound)
        }
    }
}
