import Glibc
import Journal
import Market
import Testing

/// Files of a recording's directory whose names do not say what they are.
@Suite struct MisnamedTests {
    /// A sealed recording of seven segments, and what they are.
    private func recording(
        _ scratch: Scratch,
        isSealed: Bool = true
    ) throws -> (path: String, taken: [Taken], segments: [Manifest.Segment]) {
        let path = scratch.file("r")
        let taken = try PruningTests.recording(path, nil, isSealed: isSealed)
        let recording = try Recording.open(path)
        let all = try recording.records()
        try #require(all.owners == taken && recording.manifest.segments.count == 7)
        return (path, all, recording.manifest.segments)
    }

    private func move(_ path: String, _ name: String, to newName: String) {
        #expect(rename(path + "/" + name, path + "/" + newName) == 0)
    }

    private func isMisnamed(_ error: JournalError, _ file: String, as segment: String) -> Bool {
        error.reason == .misnamed(segment: segment) && error.file.hasSuffix("/" + file)
            && error.description.contains("Rename it to \(segment)")
    }

    @Test(arguments: [true, false])
    func `a copy under a name of its own is told, is not read, and stops nobody`(
        isSealed: Bool
    ) throws {
        let scratch = try Scratch()
        let (path, taken, segments) = try recording(scratch, isSealed: isSealed)
        for position in [0, 3, 6] {
            let copy = path + "/" + segments[position].name.dropLast(5) + " (copy).mcap"
            try Scratch.write(try Scratch.read(path + "/" + segments[position].name), to: copy)
        }
        try Scratch.write(Array("no MCAP".utf8), to: path + "/notes.mcap")
        let read = try Recording.open(path)
        #expect(read.state == (isSealed ? .sealed : .open))
        #expect(try read.records().owners == taken.owners)
        #expect(read.strays.count == 4)
        for stray in read.strays {
            #expect(stray.description.contains("it is not read. Move it out"), "\(stray)")
        }
        let verification = try Verifier.verify(path)
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(verification.strays == read.strays)
        guard !isSealed else { return }
        let next = try Tape(path)
        try next.append(10)
        try next.recorder.seal()
        #expect(try Recording.open(path).records().owners == taken.owners + next.taken.owners)
    }

    /// Before, between and behind the segments, and under the name of the next one.
    @Test func `a copy under another segment's number is told and never served twice`() throws {
        let scratch = try Scratch()
        let (path, taken, segments) = try recording(scratch)
        for number in [30, segments[2].first.value + 1, 1_000_000] {
            for source in segments {
                let digits = String(number)
                let name = String(repeating: "0", count: 12 - digits.count) + digits + ".mcap"
                let copy = path + "/" + name
                try Scratch.write(try Scratch.read(path + "/" + source.name), to: copy)
                let read = try Recording.open(path)
                #expect(try read.records() == taken)
                #expect(read.state == .damaged)
                let verification = try Verifier.verify(path)
                #expect(verification.exitStatus == 2)
                #expect(verification.records == taken.count)
                #expect(verification.gaps.isEmpty)
                #expect(
                    verification.findings.map(\.reason) == [
                        .surplus("a second file of segment \(source.name)")
                    ],
                    "\(verification.findings)"
                )
                #expect(verification.findings.first?.file == copy)
                #expect(throws: JournalError.self) {
                    try Pruner().plan(path, rule: DiskRule(maxSize: 1), now: .zero)
                }
                Scratch.delete(copy)
            }
        }
        #expect(try Verifier.verify(path).state == .sound)
    }

    @Test(arguments: [true, false])
    func `segments whose names are swapped are served in their order, and the names told`(
        isSealed: Bool
    ) throws {
        let scratch = try Scratch()
        let (path, taken, segments) = try recording(scratch, isSealed: isSealed)
        for (one, two) in [(0, 1), (2, 5), (5, 6), (0, 6)] {
            let (a, b) = (segments[one].name, segments[two].name)
            move(path, a, to: "aside")
            move(path, b, to: a)
            move(path, "aside", to: b)
            let read = try Recording.open(path)
            #expect(read.state == .damaged)
            #expect(try read.records() == taken)
            #expect(try read.records { $0.text == "private/main/order" }.count > 50)
            let middle = segments[3].first
            #expect(
                try read.records(from: .sequence(middle))
                    == taken.filter { $0.sequence >= middle.value }
            )
            let verification = try Verifier.verify(path)
            #expect(verification.exitStatus == 2)
            #expect(verification.gaps.isEmpty)
            #expect(verification.last == segments[6].last)
            #expect(verification.findings.count == 2, "\(verification.findings)")
            #expect(verification.findings.contains { isMisnamed($0, a, as: b) })
            #expect(verification.findings.contains { isMisnamed($0, b, as: a) })
            // Nobody writes to it before the names are right.
            #expect(throws: JournalError.self) { try Recorder.open(path) }
            let target = scratch.file("new-\(one)-\(two)")
            let outcome = try Recoverer().recover(path, to: target)
            #expect(outcome.lost.isEmpty, "\(outcome.lost)")
            #expect(try Recording.open(target).records() == taken)
            move(path, a, to: "aside")
            move(path, b, to: a)
            move(path, "aside", to: b)
            #expect(try Verifier.verify(path).state == .sound)
        }
    }

    @Test(arguments: ["000000999999.mcap", "000000000030.mcap", "backup.mcap"])
    func `a segment that stands under another name only is read, and its own name told`(
        name: String
    ) throws {
        let scratch = try Scratch()
        let (path, taken, segments) = try recording(scratch)
        for segment in segments {
            move(path, segment.name, to: name)
            let read = try Recording.open(path)
            #expect(try read.records() == taken)
            let verification = try Verifier.verify(path)
            #expect(verification.exitStatus == 2)
            #expect(verification.findings.count == 1, "\(verification.findings)")
            #expect(verification.findings.contains { isMisnamed($0, name, as: segment.name) })
            move(path, name, to: segment.name)
        }
    }

    @Test func `a segment of another recording does not take the place of one that is gone`() throws
    {
        let scratch = try Scratch()
        let (path, taken, segments) = try recording(scratch)
        let other = scratch.file("other")
        _ = try PruningTests.recording(other, nil)
        let gone = segments[3]
        let foreign = try Scratch.read(other + "/" + gone.name)
        Scratch.delete(path + "/" + gone.name)
        try Scratch.write(foreign, to: path + "/000000999999.mcap")
        let verification = try Verifier.verify(path)
        #expect(verification.exitStatus == 2)
        #expect(verification.gaps == [Verification.Gap(first: gone.first, last: gone.last)])
        #expect(
            verification.findings.contains {
                $0.reason == .surplus("a segment of recording `other`")
            }
        )
        let cursor = try Recording.open(path).cursor()
        var numbers: [UInt64] = []
        while true {
            do throws(JournalError) {
                guard let record = try cursor.next() else { break }
                numbers.append(record.sequence.value)
            } catch {
                #expect(
                    error.reason == .damaged("records \(gone.first) to \(gone.last) are missing")
                )
            }
        }
        let left = taken.map(\.sequence).filter {
            !(gone.first.value...gone.last.value).contains($0)
        }
        #expect(numbers == left)
    }
}
