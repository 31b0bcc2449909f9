import Glibc
import Market
import Projections
import Testing

@Suite struct DamageTests {
    /// A complete projection and its hash.
    private func build(_ path: String) throws -> ContentHash {
        let writer = try DeskWriter(path: path, identity: Sample.identity)
        try Sample.fill(writer, through: 2_000)
        let hash = try writer.finish(lastSequence: SequenceNumber(2_000))
        try writer.close()
        return hash
    }

    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case header, pages, shortened, emptied, otherProgram, otherSchema, noDatabase

        var testDescription: String { rawValue }

        func inflict(on path: String) throws {
            let size = fileSize(path)
            switch self {
            case .header: try overwrite(path, at: 0, with: Array("not a database".utf8))
            case .pages:
                try overwrite(path, at: size / 2, with: [UInt8](repeating: 0xa5, count: 8_192))
            case .shortened: truncate(path, size / 2)
            case .emptied: truncate(path, 0)
            case .otherProgram: try overwrite(path, at: 68, with: [1, 2, 3, 4])
            case .otherSchema: try overwrite(path, at: 60, with: [0, 0, 3, 231])
            case .noDatabase:
                truncate(path, 0)
                try overwrite(path, at: 0, with: [UInt8](repeating: 7, count: 5_000))
            }
        }
    }

    @Test(arguments: Damage.allCases)
    func `a file that is not ours and whole is moved aside and built anew`(damage: Damage) throws {
        let directory = try TemporaryDirectory()
        let hash = try build(directory.desk)
        try damage.inflict(on: directory.desk)

        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        let movedTo = directory.desk + ".corrupt-1"
        guard case .rebuilt(movedTo, let reason) = writer.opening else {
            Issue.record("opened as \(writer.opening)")
            return
        }
        #expect(!reason.isEmpty)
        #expect(directory.names.contains("desk.sqlite.corrupt-1"))
        #expect(writer.lastSequence == .none)
        try Sample.fill(writer, through: 2_000)
        #expect(try writer.finish(lastSequence: SequenceNumber(2_000)) == hash)
        try writer.close()
        #expect(try build(directory.desk) == hash)
    }

    @Test func `damaged files get names of their own, up to eight`() throws {
        let directory = try TemporaryDirectory()
        for number in 1...9 {
            try overwrite(directory.desk, at: 0, with: Array("garbage \(number)".utf8))
            let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
            let expected = directory.desk + ".corrupt-\(min(number, 8))"
            guard case .rebuilt(expected, _) = writer.opening else {
                Issue.record("round \(number): \(writer.opening)")
                return
            }
            try writer.close()
        }
        #expect(
            directory.names.filter { $0.contains("corrupt") && !$0.hasSuffix("-journal") }.count
                == 8
        )
    }

    @Test func `a deleted file is built anew, and a journal left behind is not applied to it`()
        throws
    {
        let directory = try TemporaryDirectory()
        let hash = try build(directory.desk)
        unlink(directory.desk)
        try overwrite(
            directory.desk + "-journal",
            at: 0,
            with: [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1]
        )
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        #expect(writer.opening == .created)
        try Sample.fill(writer, through: 2_000)
        #expect(try writer.finish(lastSequence: SequenceNumber(2_000)) == hash)
    }

    @Test(arguments: [
        DeskIdentity(recording: "r-2", program: "0.1 (abc)", behaviour: 1),
        DeskIdentity(recording: "r-1", program: "0.2 (def)", behaviour: 1),
        DeskIdentity(recording: "r-1", program: "0.1 (abc)", behaviour: 2),
    ])
    func `another recording, program or behaviour is built anew`(identity: DeskIdentity) throws {
        let directory = try TemporaryDirectory()
        _ = try build(directory.desk)
        let writer = try DeskWriter(path: directory.desk, identity: identity)
        guard case .rebuilt(_, let reason) = writer.opening else {
            Issue.record("opened as \(writer.opening)")
            return
        }
        #expect(reason == "made by 0.1 (abc), behaviour 1, of recording r-1")
    }

    @Test func `a reader says what is wrong instead of moving anything`() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: ProjectionError.missing(path: directory.desk)) {
            try DeskReader(path: directory.desk)
        }
        _ = try build(directory.desk)
        try overwrite(directory.desk, at: 60, with: [0, 0, 3, 231])
        #expect(
            throws: ProjectionError.foreign(
                path: directory.desk,
                reason: "schema 999, this program has 3"
            )
        ) {
            try DeskReader(path: directory.desk)
        }
        try overwrite(directory.desk, at: 0, with: Array("not a database".utf8))
        #expect(throws: ProjectionError.self) { try DeskReader(path: directory.desk) }
        #expect(!directory.names.contains { $0.contains("corrupt") })
    }

    @Test func `a second writer is told that the file is held`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        #expect(throws: ProjectionError.heldElsewhere(path: directory.desk + ".lock")) {
            try DeskWriter(path: directory.desk, identity: Sample.identity)
        }
        try writer.close()
        let next = try DeskWriter(path: directory.desk, identity: Sample.identity)
        #expect(next.opening == .continued(after: .none))
    }
}
