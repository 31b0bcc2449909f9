import Glibc
import Journal
import Market
import Testing

@Suite struct SignatureTests {
    static func sealed(_ path: String, _ key: SigningKey?, records: Int = 900) throws {
        var options = RecorderOptions.small
        options.signingKey = key
        let tape = try Tape(path, options)
        for _ in 0..<(records / 100) {
            try tape.append(100)
            try tape.recorder.waitUntilWritten(SequenceNumber(tape.recorder.next.value - 1))
        }
        try tape.recorder.seal()
    }

    @Test func `a signed recording verifies with its public key and with no other`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let key = try SigningKey.generate()
        try Self.sealed(path, key)
        let mine = try Verifier.verify(path, key: key.publicKey)
        #expect(mine.state == .sound, "\(mine.findings)")
        #expect(mine.signature?.key == key.publicKey)
        #expect(try Verifier.verify(path).state == .sound)
        let other = try Verifier.verify(path, key: try SigningKey.generate().publicKey)
        #expect(other.state == .damaged)
    }

    @Test func `an unsigned recording fails where a signature is asked for`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        try Self.sealed(path, nil, records: 100)
        #expect(try Verifier.verify(path).state == .sound)
        let key = try SigningKey.generate().publicKey
        #expect(try Verifier.verify(path, key: key).state == .damaged)
    }

    @Test func `the manifest is derived with its signature when it is lost`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let key = try SigningKey.generate()
        try Self.sealed(path, key)
        let bytes = try Scratch.read(path + "/manifest.json")
        let manifest = try #require(Manifest(json: bytes))
        #expect(manifest.signature?.isGenuine == true)
        unlink(path + "/manifest.json")
        #expect(try Recording.open(path).manifest == manifest)
    }

    @Test func `a manifest whose signature was taken away is found`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        try Self.sealed(path, try SigningKey.generate())
        let bytes = try Scratch.read(path + "/manifest.json")
        var manifest = try #require(Manifest(json: bytes))
        manifest.signature = nil
        try Scratch.write(manifest.json(), to: path + "/manifest.json")
        #expect(try Verifier.verify(path).state == .damaged)
    }

    @Test func `another recording of the same shape does not pass for the signed one`() throws {
        let scratch = try Scratch()
        let key = try SigningKey.generate()
        try Self.sealed(scratch.file("r"), key)
        var manifest = try Recording.open(scratch.file("r")).manifest
        let signature = try #require(manifest.signature)
        manifest.segments[0].chainLast = manifest.segments[0].chainFirst
        let forged = Signature(
            key: signature.key,
            value: signature.value,
            statement: signature.statement.replacing("last ", with: "last 1")
        )
        #expect(signature.isGenuine)
        #expect(!forged.isGenuine)
    }

    @Test func `keys come back from their files, and a key that others may read is refused`() throws
    {
        let scratch = try Scratch()
        let key = try SigningKey.generate()
        try KeyFile.create(scratch.file("key"), key.pem(), mode: 0o600)
        try KeyFile.create(scratch.file("key.pub"), key.publicKey.pem(), mode: 0o644)
        let again = try SigningKey(file: scratch.file("key"))
        #expect(again.publicKey == key.publicKey)
        #expect(try PublicKey(file: scratch.file("key.pub")) == key.publicKey)
        #expect(again.publicKey.verifies(again.sign([1, 2, 3]), of: [1, 2, 3]))
        #expect(!again.publicKey.verifies(again.sign([1, 2, 3]), of: [1, 2, 4]))
        #expect(throws: JournalError.self) {
            try KeyFile.create(scratch.file("key"), [1], mode: 0o600)
        }
        chmod(scratch.file("key"), 0o640)
        #expect(throws: JournalError.self) { try SigningKey(file: scratch.file("key")) }
        #expect(throws: JournalError.self) { try SigningKey(file: scratch.file("key.pub")) }
        #expect(throws: JournalError.self) { try PublicKey(file: scratch.file("key")) }
    }
}
