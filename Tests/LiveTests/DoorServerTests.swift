import Foundation
import Logging
import Market
import NIOCore
import NIOPosix
import Testing

@testable import Live

/// The operator's door by itself: where it is, who is let in, and that it can move.
@Suite struct DoorServerTests {
    /// A door whose every request is answered with its reason, on a loop of its own.
    private final class Door: Sendable {
        let path: String
        let loop: any EventLoop
        private let server: NIOLoopBound<DoorServer>

        init() async throws {
            let path = FileManager.default.temporaryDirectory
                .appending(path: "tapedeck-door-" + UUID().uuidString).path
            self.path = path
            for name in ["a", "b"] {
                try FileManager.default.createDirectory(
                    atPath: path + "/" + name,
                    withIntermediateDirectories: true
                )
            }
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            self.loop = loop
            server = try await loop.submit {
                let server = DoorServer(
                    directory: path + "/a",
                    loop: loop,
                    logger: Logger(label: "door") { _ in SwiftLogNoOpLogHandler() }
                ) { request, reply in
                    let reason = request.reason
                    reply(.done { $0.field("said", reason) })
                }
                server.open()
                return NIOLoopBound(server, eventLoop: loop)
            }.get()
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func onLoop<Value: Sendable>(
            _ body: @escaping @Sendable (DoorServer) -> Value
        ) async throws -> Value {
            let server = server
            return try await loop.submit { body(server.value) }.get()
        }

        func isThere(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: "\(path)/\(name)/control.sock")
        }

        func peer(_ name: String) throws -> DoorClient {
            try DoorClient(directory: path + "/" + name)
        }
    }

    private func said(_ peer: DoorClient, _ text: String) throws -> String? {
        try peer.ask("x", reason: text, seconds: 30)["said"]
    }

    @Test func `it moves to another directory, and who is connected stays so`() async throws {
        let door = try await Door()
        let early = try door.peer("a")
        #expect(try said(early, "one") == "one")
        let path = door.path
        try await door.onLoop { $0.move(to: path + "/b") }
        #expect(!door.isThere("a") && door.isThere("b"))
        #expect(throws: DoorError.system(call: "connect", code: ENOENT)) { try door.peer("a") }
        let late = try door.peer("b")
        #expect(try said(early, "two") == "two" && said(late, "three") == "three")
        // And back, a hundred times.
        for turn in 0..<100 {
            let name = turn % 2 == 0 ? "a" : "b"
            try await door.onLoop { $0.move(to: path + "/" + name) }
            #expect(try said(early, "\(turn)") == "\(turn)")
        }
        #expect(door.isThere("b") && !door.isThere("a"))
        try await door.onLoop { $0.end() }
        #expect(!door.isThere("b"))
        #expect(throws: DoorError.closed) { try said(early, "late") }
    }

    @Test func `where it cannot go it is not, and it comes as soon as it can`() async throws {
        let door = try await Door()
        let early = try door.peer("a")
        let path = door.path
        try await door.onLoop { $0.move(to: path + "/c") }
        #expect(try await !door.onLoop { $0.isOpen })
        #expect(!door.isThere("a"))
        #expect(try said(early, "still") == "still")
        try FileManager.default.createDirectory(
            atPath: path + "/c",
            withIntermediateDirectories: true
        )
        try await door.onLoop { $0.move(to: path + "/c") }
        #expect(try said(try door.peer("c"), "here") == "here")
        try await door.onLoop { $0.end() }
    }

    @Test func `a file that another put in its place is not taken away`() async throws {
        let door = try await Door()
        try FileManager.default.removeItem(atPath: door.path + "/a/control.sock")
        try Data("mine".utf8).write(to: URL(filePath: door.path + "/a/control.sock"))
        try await door.onLoop { $0.end() }
        #expect(door.isThere("a"))
    }

    @Test func `one more than sixteen takes the place of the one that was silent for longest`()
        async throws
    {
        let door = try await Door()
        var peers: [DoorClient] = []
        for number in 0..<DoorServer.peersMax {
            let peer = try door.peer("a")
            #expect(try said(peer, "\(number)") == "\(number)")
            peers.append(peer)
        }
        // The first speaks again: now the second has been silent for longest.
        #expect(try said(peers[0], "again") == "again")
        let more = try door.peer("a")
        #expect(try said(more, "more") == "more")
        #expect(throws: DoorError.closed) { try said(peers[1], "gone") }
        #expect(try said(peers[0], "here") == "here")
        try await door.onLoop { $0.end() }
    }
}
