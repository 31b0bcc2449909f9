import Market
import Testing

@testable import Journal

@Suite struct DamageTests {
    /// One small sealed recording, and its records.
    private func sealed(_ scratch: Scratch) throws -> [Taken] {
        var options = RecorderOptions.small
        options.chunkBytes = 700
        options.segmentBytes = 2600
        let tape = try Tape(scratch.file("r"), options)
        try tape.append(24)
        try tape.recorder.seal()
        return try Recording.open(scratch.file("r")).records()
    }

    /// What can still be read, one error after another, until the end.
    private func readable(_ path: String) -> (records: [Taken], errors: [JournalError]) {
        var records: [Taken] = []
        var errors: [JournalError] = []
        do throws(JournalError) {
            let cursor = try Recording.open(path).cursor()
            while errors.count < 100 {
                do throws(JournalError) {
                    guard let record = try cursor.next() else { break }
                    records.append(
                        Taken(
                            sequence: record.sequence.value,
                            time: record.time.nanoseconds,
                            stream: cursor.name(of: record.stream).text,
                            payload: Array(record.payload)
                        )
                    )
                } catch {
                    errors.append(error)
                }
            }
        } catch {
            errors.append(error)
        }
        return (records, errors)
    }

    @Test(arguments: [0x01, 0x80, 0xff] as [UInt8])
    func `every changed byte of a sealed segment is found, and no other record is ever given`(
        mask: UInt8
    ) throws {
        let scratch = try Scratch()
        let all = try sealed(scratch)
        let names = try Recording.open(scratch.file("r")).manifest.segments.map(\.name)
        #expect(names.count > 1)
        let known = Dictionary(uniqueKeysWithValues: all.map { ($0.sequence, $0) })
        for name in [names[0], names[names.count - 1]] {
            let path = scratch.file("r/" + name)
            let bytes = try Scratch.read(path)
            for offset in stride(from: Int(mask) % 31, to: bytes.count, by: 31) {
                var changed = bytes
                changed[offset] ^= mask
                try Scratch.write(changed, to: path)
                if let verification = try? Verifier.verify(scratch.file("r")) {
                    #expect(verification.state == .damaged, "\(name) byte \(offset)")
                }
                let (records, _) = readable(scratch.file("r"))
                for record in records {
                    #expect(known[record.sequence] == record, "\(name) byte \(offset)")
                }
            }
            try Scratch.write(bytes, to: path)
        }
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }

    @Test func `a damaged chunk is named, and records before and behind it are served`() throws {
        let scratch = try Scratch()
        let all = try sealed(scratch)
        let name = try Recording.open(scratch.file("r")).manifest.segments[0].name
        let path = scratch.file("r/" + name)
        var bytes = try Scratch.read(path)
        let chunks = Records(bytes).all.filter { $0.opcode == 0x06 }
        let middle = chunks[chunks.count / 2]
        bytes[(middle.offset + middle.end) / 2] ^= 0x10
        try Scratch.write(bytes, to: path)
        let (records, errors) = readable(scratch.file("r"))
        #expect(errors.first?.file == path)
        #expect(errors.first?.offset == UInt64(middle.offset))
        let missing = Set(all.map(\.sequence)).subtracting(records.map(\.sequence)).sorted()
        let (first, last) = (try #require(missing.first), try #require(missing.last))
        #expect(missing == Array(first...last), "one hole")
        #expect(errors.first?.sequence?.value == first - 1)
        #expect(records == all.filter { !missing.contains($0.sequence) })
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(
            verification.gaps == [.init(first: SequenceNumber(first), last: SequenceNumber(last))]
        )
        #expect(verification.exitStatus == 2)
    }

    @Test
    func `every changed byte of tails, HEAD and lock changes no record below what was written`()
        throws
    {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.tailBytes = 8 << 10
        options.chunkBytes = 700
        let tape = try Tape(scratch.file("r"), options)
        try tape.append(20)
        try tape.recorder.close()
        let all = try Recording.open(scratch.file("r")).records()
        let known = Dictionary(uniqueKeysWithValues: all.map { ($0.sequence, $0) })
        for name in ["tail-a", "tail-b", "HEAD", "lock"] {
            let path = scratch.file("r/" + name)
            let bytes = try Scratch.read(path)
            for offset in stride(from: 0, to: bytes.count, by: 5) where bytes[offset] != 0 {
                var changed = bytes
                changed[offset] ^= 0x41
                try Scratch.write(changed, to: path)
                let verification = try Verifier.verify(scratch.file("r"))
                let (records, _) = readable(scratch.file("r"))
                for record in records { #expect(known[record.sequence] == record) }
                // Fewer records are never called sound.
                #expect(
                    records.count == all.count || verification.state != .sound,
                    "\(name) byte \(offset)"
                )
            }
            try Scratch.write(bytes, to: path)
        }
    }

    @Test func `a manifest that says otherwise is found, a lost one is rebuilt`() throws {
        let scratch = try Scratch()
        _ = try sealed(scratch)
        let path = scratch.file("r/manifest.json")
        let text = try Scratch.read(path)
        for offset in stride(from: 0, to: text.count - 1, by: 7) {
            var changed = text
            changed[offset] ^= 0x02
            try Scratch.write(changed, to: path)
            // The two human-readable times repeat the ones in nanoseconds.
            let isDecoration = Manifest(json: changed) == Manifest(json: text)
            let state = try Verifier.verify(scratch.file("r")).state
            #expect(state == (isDecoration ? .sound : .damaged), "byte \(offset)")
        }
        Scratch.delete(path)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
        #expect(
            Manifest(json: try Recording.open(scratch.file("r")).manifest.json())
                == Manifest(json: text)
        )
    }

    @Test(arguments: ["000000000000.mcap", "18446744073709551615.mcap"])
    func `a segment whose number cannot be stops nobody`(name: String) throws {
        let scratch = try Scratch()
        let all = try sealed(scratch)
        let first = try Recording.open(scratch.file("r")).manifest.segments[0].name
        try Scratch.write(
            try Scratch.read(scratch.file("r/" + first)),
            to: scratch.file("r/" + name)
        )
        let recording = try Recording.open(scratch.file("r"))
        #expect(try recording.records() == all)
        #expect(try !recording.streams().isEmpty)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }

    @Test func `a missing, swapped or foreign segment is found`() throws {
        let scratch = try Scratch()
        _ = try sealed(scratch)
        let names = try Recording.open(scratch.file("r")).manifest.segments.map(\.name)
        #expect(names.count > 2)
        var options = RecorderOptions.small
        options.chunkBytes = 700
        options.segmentBytes = 2600
        options.id = "another"
        let other = try Tape(scratch.file("other"), options)
        try other.append(24)
        try other.recorder.seal()
        let replacement = try Scratch.read(scratch.file("other/" + names[1]))
        for (index, name) in names.enumerated() {
            let bytes = try Scratch.read(scratch.file("r/" + name))
            Scratch.delete(scratch.file("r/" + name))
            #expect(try verdict(scratch.file("r")) == .damaged, "without \(name)")
            try Scratch.write(
                try Scratch.read(scratch.file("r/" + names[(index + 1) % names.count])),
                to: scratch.file("r/" + name)
            )
            #expect(try verdict(scratch.file("r")) == .damaged, "another in place of \(name)")
            if index == 1 {
                try Scratch.write(replacement, to: scratch.file("r/" + name))
                #expect(
                    try verdict(scratch.file("r")) == .damaged,
                    "another recording's in place of \(name)"
                )
            }
            try Scratch.write(bytes, to: scratch.file("r/" + name))
        }
        #expect(try verdict(scratch.file("r")) == .sound)
    }

    private func verdict(_ path: String) throws -> Verification.State {
        do throws(JournalError) {
            return try Verifier.verify(path).state
        } catch {
            if case .damaged = error.reason { return .damaged }
            throw error
        }
    }

    /// Rewrites chunks with every checksum right, so that only the chain can tell.
    @Test(arguments: ["change", "swap", "remove"])
    func `a record changed, moved or removed with right checksums breaks the chain`(
        deed: String
    ) throws {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.segmentBytes = 64 << 20
        let tape = try Tape(scratch.file("r"), options)
        try tape.append(60)
        try tape.recorder.close()
        for name in ["tail-a", "tail-b", "HEAD"] {
            try Scratch.write([], to: scratch.file("r/" + name))
        }
        let path = scratch.file("r/000000000001.mcap")
        var bytes = try Scratch.read(path)
        // Nothing is wrong but HEAD, which was emptied.
        let before = try Verifier.verify(scratch.file("r"))
        #expect(before.state == .cut && before.findings.count == 1, "\(before.findings)")
        let chunk = try #require(Records(bytes).all.first { $0.opcode == 0x06 })
        let decoded = DecodedChunk()
        try bytes.withUnsafeBytes {
            let body = UnsafeRawBufferPointer(rebasing: $0[(chunk.offset + 9)..<chunk.end])
            try decoded.decode(chunk: body, isOurs: true, first: .first)
        }
        var records: [[UInt8]] = []
        var all = ByteReader(decoded.records.bytes)
        while !all.isAtEnd {
            let opcode = try all.integer(UInt8.self)
            let length = try all.integer(UInt64.self)
            let body = try all.take(length)
            var record = ByteBuffer()
            record.append(opcode)
            record.append(length)
            record.append(body)
            records.append(record.array)
        }
        let messages = records.indices.filter { records[$0][0] == 0x05 }
        let (one, two) = (messages[8], messages[9])
        switch deed {
        case "change": records[one][records[one].count - 3] ^= 1
        case "swap":
            // Payloads change places; the sequence numbers stay in order.
            let (first, second) = (records[one], records[two])
            records[one] = Array(first[..<31]) + second[31...]
            records[two] = Array(second[..<31]) + first[31...]
            for index in [one, two] {
                let length = UInt64(records[index].count - 9)
                for byte in 0..<8 {
                    records[index][1 + byte] = UInt8(
                        truncatingIfNeeded: length >> (8 * UInt64(byte))
                    )
                }
            }
        default: records.remove(at: one)
        }
        var raw = ByteBuffer()
        for record in records { raw.append(record) }
        var rewritten = ByteBuffer()
        rewritten.record(.chunk) {
            $0.append(decoded.startTime)
            $0.append(decoded.endTime)
            $0.append(UInt64(raw.count))
            $0.append(Checksum.crc32(raw.bytes))
            $0.string("")
            $0.append(UInt64(raw.count))
            $0.append(raw.bytes)
        }
        bytes.replaceSubrange(chunk.offset..<chunk.end, with: rewritten.array)
        try Scratch.write(bytes, to: path)
        #expect(try Verifier.verify(scratch.file("r")).state != .sound)
    }
}

extension Scratch {
    static func delete(_ path: String) {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let files = SystemFiles()
        guard let directory = try? files.openDirectory(String(path[..<slash])) else { return }
        try? files.unlink(String(path[slash...]), in: directory)
        files.close(directory)
    }
}
