import Journal
import Market
import Testing

/// One segment whose head does not read: the others are served, and its range is named.
@Suite struct HeadDamageTests {
    @Test(arguments: [true, false], [0, 2, -1])
    func `a damaged head hides its own segment only`(isSealed: Bool, which: Int) throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        var tape: Tape? = try Tape(path)
        for _ in 0..<20 { try tape?.recorder.waitUntilDurable(try #require(tape).append(40)) }
        if isSealed { try tape?.recorder.seal() } else { try tape?.recorder.close() }
        tape = nil
        let whole = try Recording.open(path)
        let all = try whole.records()
        let segments = whole.manifest.segments
        #expect(segments.count > 4)
        let hidden = which < 0 ? segments.count - 1 : which
        let segment = segments[hidden]
        let file = path + "/" + segment.name
        var bytes = try Scratch.read(file)
        bytes[60] ^= 0x20
        try Scratch.write(bytes, to: file)

        let recording = try Recording.open(path)
        #expect(recording.state == .damaged)
        let named = recording.damage.filter { $0.file == file }
        #expect(named.count == 1, "\(recording.damage)")
        #expect(named.first?.description.contains("records") == true)
        #expect(named.first?.description.contains(segment.first.description) == true)
        var served: [UInt64] = []
        let cursor = try recording.cursor()
        var errors = 0
        while true {
            do {
                guard let record = try cursor.next() else { break }
                served.append(record.sequence.value)
            } catch {
                errors += 1
            }
        }
        let range = segment.first.value...segment.last.value
        #expect(served == all.map(\.sequence).filter { !range.contains($0) })
        #expect(errors > 0 || hidden == segments.count - 1)
        // A seek to what is sound works, on both sides.
        for (index, other) in segments.enumerated() where index != hidden {
            let cursor = try recording.cursor(from: .sequence(other.first))
            #expect(try cursor.next()?.sequence == other.first)
        }
        _ = try recording.streams()
        #expect(try Verifier.verify(path).state == .damaged)
        if !isSealed { #expect(throws: JournalError.self) { try Recorder.open(path) } }
    }
}
