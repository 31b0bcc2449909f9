import Foundation
import Gateway
import Market
import Testing

@testable import Live

/// The note that tells the next start that this address is shut out.
@Suite struct ShutOutNoteTests {
    private static let second: Int64 = 1_000_000_000
    private static let now = Timestamp(nanoseconds: 1_767_225_600 * second)

    private func note(_ path: String, folder: String? = nil) throws -> ShutOutNote {
        let base = "http://127.0.0.1:7001"
        var configuration = SessionConfiguration(target: .endpoint(base), path: path)
        if let folder {
            configuration.folder = folder
            configuration.roll = .day
        }
        return ShutOutNote(configuration, try Destination.endpoint(base: base))
    }

    @Test func `it lies beside the recordings, by the exchange that it is of`() throws {
        let name = ".shut-out.127.0.0.1:7001"
        #expect(try note("out").path == "./" + name)
        #expect(try note("a/out").path == "a/" + name)
        #expect(try note("a/out//").path == "a/" + name)
        #expect(try note("/out").path == "/" + name)
        #expect(try note("a/b/2026-01-01", folder: "a/b").path == "a/b/" + name)
    }

    @Test func `what is left of it is told, and never more than ten minutes`() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "shut-out-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let note = try note(folder + "/out")
        #expect(note.left(at: Self.now) == 0)
        note.write(until: Self.now.advanced(nanoseconds: 599 * Self.second))
        #expect(note.left(at: Self.now) == 599 * Self.second)
        #expect(note.left(at: Self.now.advanced(nanoseconds: 600 * Self.second)) == 0)
        // A clock that was set back.
        let before = Self.now.advanced(nanoseconds: -86_400 * Self.second)
        #expect(note.left(at: before) == 600 * Self.second)
        // A later one takes its place, also a shorter text.
        note.write(until: Timestamp(nanoseconds: 7))
        #expect(note.left(at: Self.now) == 0)
        try Data("nonsense".utf8).write(to: URL(filePath: note.path))
        #expect(note.left(at: Self.now) == 0)
    }

    @Test func `one for the host is believed only where nobody else could write it`() throws {
        let base = FileManager.default.temporaryDirectory
            .appending(path: "shut-out-host-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: base) }
        // On loopback there is none, unless a directory is named.
        #expect(try note(base + "/out").hostPath == nil)
        let host = base + "/host"
        let named = ShutOutNote(path: base + "/other", hostPath: host + "/.shut-out.x")
        #expect(named.heardOfHost(at: Self.now).left == 0)
        named.write(until: Self.now.advanced(nanoseconds: 60 * Self.second))
        #expect(named.heardOfHost(at: Self.now).left == 60 * Self.second)
        let elsewhere = ShutOutNote(path: base + "/a/out", hostPath: host + "/.shut-out.x")
        #expect(elsewhere.left(at: Self.now) == 60 * Self.second)
        for mode in [0o720, 0o702, 0o777] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: host)
            #expect(named.heardOfHost(at: Self.now).left == 0, "\(mode)")
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: host)
        #expect(named.heardOfHost(at: Self.now).left == 60 * Self.second)
        #expect(named.foreignDirectory == nil)
        // A link in its place is none of ours.
        try FileManager.default.moveItem(atPath: host, toPath: base + "/moved")
        try FileManager.default.createSymbolicLink(
            atPath: host,
            withDestinationPath: base + "/moved"
        )
        #expect(named.heardOfHost(at: Self.now).left == 0)
        #expect(named.foreignDirectory == host)
        // One that is not there yet is made.
        let absent = ShutOutNote(path: "x", hostPath: base + "/none/.shut-out.x")
        #expect(absent.foreignDirectory == nil)
        #expect(ShutOutNote(path: "x", hostPath: nil).foreignDirectory == nil)
    }

    @Test func `a note is heeded once, whatever the clock says later`() throws {
        let host = FileManager.default.temporaryDirectory
            .appending(path: "shut-out-once-" + UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: host) }
        let note = ShutOutNote(path: host + "/.mine", hostPath: host + "/.shut-out.x")
        var heeded = HeededNotes()
        func hear(at wall: Timestamp) -> Int64? { heeded.heed(note.heardOfHost(at: wall)) }
        #expect(hear(at: Self.now) == nil)
        let end = Self.now.advanced(nanoseconds: 60 * Self.second)
        note.write(until: end)
        #expect(hear(at: Self.now) == 60 * Self.second)
        #expect(hear(at: Self.now) == nil)
        // The clock is set back by an hour, long after.
        let before = Self.now.advanced(nanoseconds: -3_600 * Self.second)
        #expect(note.heardOfHost(at: before).left == 600 * Self.second)
        #expect(hear(at: before) == nil)
        // One of the far future holds for ten minutes, once.
        note.write(until: Self.now.advanced(nanoseconds: 86_400 * Self.second))
        #expect(hear(at: Self.now) == 600 * Self.second)
        #expect(hear(at: Self.now.advanced(nanoseconds: 3_600 * Self.second)) == nil)
        // What was over when it was first seen does not live again either.
        note.write(until: Self.now.advanced(nanoseconds: -Self.second))
        #expect(hear(at: Self.now) == nil)
        #expect(hear(at: before) == nil)
        // Its own, and the one that stood there before it.
        let own = Self.now.advanced(nanoseconds: 599 * Self.second)
        heeded.know(own.nanoseconds)
        note.write(until: end)
        #expect(hear(at: before) == nil)
        note.write(until: own)
        #expect(hear(at: Self.now) == nil)
        // A new one is heard.
        note.write(until: Self.now.advanced(nanoseconds: 600 * Self.second))
        #expect(hear(at: Self.now) == 600 * Self.second)
    }
}
