import Glibc
import Journal
import Market
import Testing

@Suite struct SlicingTests {
    @Test(arguments: [true, false])
    func `a slice holds the records as they are, under a chain that names the old one`(
        isCompacted: Bool
    ) throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try CompactionTests.recording(path, rounds: 4)
        if isCompacted { _ = try CompactionTests.compactor.compact(path) }
        let recording = try Recording.open(path)
        let all = try recording.records()
        for (from, to) in [(1, 40), (17, 18), (200, 611), (300, Int(recording.last.value))] {
            let target = scratch.file("s\(from)")
            let manifest = try Slicer().slice(
                recording,
                from: .sequence(SequenceNumber(UInt64(from))),
                isPast: { number, _ in number.value > UInt64(to) },
                to: target
            )
            #expect(manifest.first.value == UInt64(from))
            #expect(manifest.last.value == UInt64(to))
            let slice = try Recording.open(target)
            #expect(slice.manifest == manifest)
            #expect(
                try slice.records()
                    == all.filter { $0.sequence >= UInt64(from) && $0.sequence <= UInt64(to) }
            )
            let verification = try Verifier.verify(target)
            #expect(verification.state == .sound, "\(verification.findings)")
            guard case .slice(let of, _) = verification.beginning else {
                Issue.record("\(verification.beginning)")
                return
            }
            #expect(of == recording.id)
        }
    }

    @Test func `a slice that names another link than it begins with is damage`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try CompactionTests.recording(path, rounds: 2)
        let recording = try Recording.open(path)
        let manifest = try Slicer().slice(
            recording,
            from: .sequence(SequenceNumber(100)),
            isPast: { _, _ in false },
            to: scratch.file("s")
        )
        let chain = try #require(manifest.labels.first { $0.key == "slice.chain" }?.value)
        let name = scratch.file("s") + "/" + manifest.segments[0].name
        let bytes = try Scratch.read(name)
        let at = try #require(bytes.firstRange(of: Array(chain.utf8))?.lowerBound)
        var changed = bytes
        changed[at] = changed[at] == 0x30 ? 0x31 : 0x30
        try Scratch.write(changed, to: name)
        let verification = try Verifier.verify(scratch.file("s"))
        #expect(verification.state == .damaged)
        #expect(verification.findings.first?.file == name)
        #expect(throws: JournalError.self) {
            try Slicer().slice(
                recording,
                from: .sequence(SequenceNumber(1 << 40)),
                isPast: { _, _ in false },
                to: scratch.file("t")
            )
        }
    }

    @Test func `merged by time, every record is there with its old number beside it`() throws {
        let scratch = try Scratch()
        var sources: [Recording] = []
        for name in ["a", "b"] {
            let tape = try Tape(scratch.file(name))
            try tape.append(name == "a" ? 300 : 170)
            try tape.recorder.seal()
            sources.append(try Recording.open(scratch.file(name)))
        }
        let manifest = try Merger().merge(sources, to: scratch.file("m"))
        let merged = try Recording.open(scratch.file("m"))
        #expect(merged.manifest == manifest)
        let verification = try Verifier.verify(scratch.file("m"))
        #expect(verification.state == .sound, "\(verification.findings)")
        var found: [String: [Taken]] = [:]
        var place = (recording: "", next: UInt64(0))
        var time: Int64 = 0
        for record in try merged.records().dropFirst(4) {
            #expect(record.time >= time)
            time = record.time
            if record.stream == "session/origin" {
                let text = String(decoding: record.payload, as: UTF8.self)
                let match = try #require(
                    text.wholeMatch(of: /\{"recording":"(\w+)","first":(\d+)\}/)
                )
                place = (String(match.1), try #require(UInt64(match.2)))
            } else if record.stream != "session/channel" {
                var old = record
                old.sequence = place.next
                old.stream =
                    record.stream.hasPrefix("merged/")
                    ? String(record.stream.dropFirst(7)) : record.stream
                found[place.recording, default: []].append(old)
                place.next += 1
            }
        }
        for source in sources { #expect(try source.records() == found[source.id]) }
        #expect(throws: JournalError.self) {
            try Merger().merge([merged], to: scratch.file("again"))
        }
    }
}
