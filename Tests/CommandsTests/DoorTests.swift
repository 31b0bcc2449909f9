import Foundation
import Testing

/// The operator's door of a running session, by `tapedeck desk` and by bare sockets.
@Suite struct DoorTests {
    @Test
    func `status says what the session is and does, and --json of the recorder says the same`()
        async throws
    {
        let session = try await DeskedSession()
        let text = try await session.desk("status")
        #expect(text.status == 0, "\(text.errors)")
        for word in ["recording  ", "run        1, running", "sockets    1 of 1 ready", "journal"] {
            #expect(text.output.contains(word), "\(text.output)")
        }
        let status = try await session.status()
        #expect(status["schema"] as? String == "tapedeck.desk/1")
        #expect(status["done"] as? Bool == true)
        #expect(status["phase"] as? String == "running")
        #expect(status["pid"] as? Int == Int(session.recorder.process.processIdentifier))
        #expect(status["health"] as? String == "sound")
        #expect(status["account"] as? String == "main")
        let appended = try #require(status["appended"] as? Int)
        #expect((status["written"] as? Int ?? 0) <= appended && appended > 0)
        #expect(status["lines"] == nil)
        // One source: every key that the recorder prints each second is there, and no other but the answer's own.
        let line = try #require(session.recorder.outputSoFar.split(separator: "\n").last)
        let printed = try #require(DeskedSession.object(String(line)))
        #expect(Set(status.keys).subtracting(["verb", "done"]) == Set(printed.keys))
        let start = try #require(try await session.records("session/start").first)
        #expect(status["configuration_hash"] as? String == start["configuration_hash"] as? String)
        let attributes = try FileManager.default.attributesOfItem(
            atPath: session.path + "/control.sock"
        )
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(attributes[.type] as? FileAttributeType == .typeSocket)
    }

    @Test func `a mark is written when it is answered, and cat and info show it`() async throws {
        let session = try await DeskedSession()
        let mark = try await session.desk(
            "mark",
            "funding \"soon\" 🦆",
            "--reason",
            "a look",
            "--json"
        )
        #expect(mark.status == 0, "\(mark.errors)")
        let sequence = try #require(mark.object["sequence"] as? Int)
        // The answer came after the record was written: no kill takes it away.
        session.recorder.kill()
        _ = try await session.recorder.end()
        let record = try #require(try await session.requests().first)
        #expect(record["verb"] as? String == "mark")
        #expect(record["reason"] as? String == "a look")
        #expect(record["uid"] as? Int == Int(geteuid()))
        let arguments = record["arguments"] as? [String: String]
        #expect(arguments == ["text": "funding \"soon\" 🦆"])
        let finding = try #require(
            try await session.records("desk/finding").first { $0["cause"] as? Int == sequence }
        )
        #expect("\(finding)".contains("funding"))
        let info = try await Program.run(["info", session.path])
        #expect(info.output.contains("record \(sequence)"), "\(info.output)")
        #expect(info.output.contains("mark \"funding"), "\(info.output)")
        let object = try await Program.run(["info", session.path, "--json"]).object
        let notes = try #require(object["operator"] as? [[String: Any]])
        #expect(notes.count == 1 && notes.first?["sequence"] as? Int == sequence)
    }

    @Test func `stop seals, answers, and the recorder ends with 0`() async throws {
        let session = try await DeskedSession()
        let peer = try DoorPeer(session.path)
        #expect(try peer.ask(#"{"verb":"status"}"#)["phase"] as? String == "running")
        let stop = try await session.desk("stop", "--reason", "lunch")
        #expect(stop.status == 0, "\(stop.errors)")
        #expect(stop.output.hasPrefix("sealed: records 1 to "), "\(stop.output)")
        let end = try await session.recorder.end()
        #expect(end.status == 0, "\(end.errors)")
        #expect(end.object["state"] as? String == "sealed")
        #expect(throws: DoorPeer.Closed.self) { try peer.line() }
        #expect(!FileManager.default.fileExists(atPath: session.path + "/control.sock"))
        let request = try #require(try await session.requests().last)
        #expect(request["verb"] as? String == "stop" && request["reason"] as? String == "lunch")
        let last = try #require(try await session.records("session/end").last)
        #expect(last["reason"] as? String == "desk stop by uid \(geteuid()): lunch")
        let verify = try await Program.run(["verify", session.path, "--json"])
        #expect(verify.status == 0 && verify.object["sealed"] as? Bool == true)
        // Now nothing runs there.
        let late = try await session.desk("status")
        #expect(late.status == 69, "\(late.errors)")
        #expect(try await session.desk("status", "nosuch").status == 66)
    }

    @Test func `rubbish gets a clear error line each, and harms nothing`() async throws {
        let session = try await DeskedSession()
        let peer = try DoorPeer(session.path)
        let deep = String(repeating: "[", count: 8_000)
        for (line, words) in [
            ("hello", "is not JSON"), ("[]", "no object"), ("7", "no object"),
            ("{}", "verb is missing"),
            (deep, "the line"), (#"{"verb":7}"#, "verb is no text"),
            (#"{"verb":"flatten"}"#, "there is no verb flatten"),
            (#"{"verb":"status","reasn":"x"}"#, "there is no reasn"),
            (#"{"verb":"mark"}"#, "mark needs a text"),
            (#"{"verb":"mark","arguments":{"text":7}}"#, "an argument is no text"),
            (#"{"verb":"mark","arguments":{"txt":"a"}}"#, "mark has no argument txt"),
            (#"{"verb":"mark","arguments":["text"]}"#, "arguments is no object"),
            ("{\"verb\":\"" + String(repeating: "a", count: 2_000) + "\"}", "verb is no text of"),
        ] {
            let answer = try peer.ask(line)
            #expect(answer["done"] as? Bool == false)
            let error = try #require(answer["error"] as? [String: Any])
            #expect(error["code"] as? String == "usage", "\(answer)")
            #expect((error["what"] as? String ?? "").contains(words), "\(answer)")
        }
        // Bytes that are no text, lines that are too long, and one that comes in pieces.
        try peer.send([0xff, 0x00, 0xfe, 0x0a])
        #expect(try peer.line()["done"] as? Bool == false)
        try peer.send([UInt8](repeating: 0x61, count: 3_000_000) + [0x0a])
        let long = try peer.line()
        #expect("\(long)".contains("longer than 16384 bytes"), "\(long)")
        for byte in Array(#"{"verb":"status","id":"a-7"}"#.utf8) { try peer.send([byte]) }
        try peer.send([0x0d, 0x0a, 0x0a])
        let status = try peer.line()
        #expect(status["done"] as? Bool == true && status["id"] as? String == "a-7")
        // Two at once are answered in order, and a last line without an end as well.
        try peer.send("{\"verb\":\"status\",\"id\":\"1\"}\n{\"verb\":\"status\",\"id\":\"2\"}")
        try peer.send(Array(#"{"verb":"status","id":"3"}"#.utf8))
        peer.endSending()
        #expect(try (1...3).map { _ in try peer.line()["id"] as? String } == ["1", "2", "3"])
        #expect(throws: DoorPeer.Closed.self) { try peer.line() }
        // Of all this nothing is on record, and nothing is lost.
        #expect(try await session.requests().isEmpty)
        #expect(try await session.status()["health"] as? String == "sound")
    }

    @Test func `silent peers, and one that asks and does not read, hurt nobody`() async throws {
        let session = try await DeskedSession()
        let silent = try (0..<60).map { _ in try DoorPeer(session.path) }
        let deaf = try DoorPeer(session.path)
        let requests = Array(String(repeating: "{\"verb\":\"status\"}\n", count: 2_000).utf8)
        var sent = 0
        for _ in 0..<200 {
            sent += deaf.flood(requests)
            try await Task.sleep(for: .milliseconds(1))
        }
        // What it is not read of waits in the kernel, which takes a few hundred kilobytes.
        #expect(sent < 4 << 20, "\(sent)")
        let before = try await session.status()["frames"] as? Int ?? 0
        var after = before
        for _ in 0..<1_500 where after <= before {
            try await Task.sleep(for: .milliseconds(20))
            after = try await session.status()["frames"] as? Int ?? 0
        }
        #expect(after > before)
        #expect(try await session.status()["disconnects"] as? Int == 0)
        #expect(try await session.desk("mark", "still here").status == 0)
        withExtendedLifetime(silent) {}
    }

    @Test func `after a kill the next run takes the stale socket's place`() async throws {
        let session = try await DeskedSession()
        session.recorder.kill()
        _ = try await session.recorder.end()
        #expect(FileManager.default.fileExists(atPath: session.path + "/control.sock"))
        let dead = try await session.desk("status", session.path)
        #expect(dead.status == 69, "\(dead.errors)")
        #expect(dead.errors.contains("no session runs there"), "\(dead.errors)")
        try await session.startAgain()
        #expect(try await session.status()["run"] as? Int == 2)
        // A second process does not get in, and takes nothing away.
        let second = try await Program.run(
            ["record", "session.yaml", "--out", session.path, "--for", "5s"],
            in: session.folder.path
        )
        #expect(second.status == 75, "\(second.errors)")
        #expect(try await session.status()["run"] as? Int == 2)
    }

    @Test func `a directory with a long name has a door too`() async throws {
        let name = String(repeating: "a-long-name-", count: 12)
        let session = try await DeskedSession(out: "recordings/" + name)
        #expect((session.path + "/control.sock").utf8.count > 108)
        #expect(try await session.status()["phase"] as? String == "running")
        #expect(try await session.desk("stop", session.path).status == 0)
        #expect(!FileManager.default.fileExists(atPath: session.path + "/control.sock"))
    }

    @Test func `what is in the door's way does not end a session, and is not taken away`()
        async throws
    {
        let session = try await DeskedSession { path in
            try FileManager.default.createDirectory(
                atPath: path + "/control.sock",
                withIntermediateDirectories: true
            )
        }
        let desk = try await session.desk("status", session.path)
        #expect(desk.status == 75, "\(desk.errors)")
        #expect(
            session.recorder.errorsSoFar.contains("the operator's door cannot be opened"),
            "\(session.recorder.errorsSoFar)"
        )
        // As soon as the way is free there is a door.
        try FileManager.default.removeItem(atPath: session.path + "/control.sock")
        for _ in 0..<1_200 {
            if try await session.desk("status", session.path).status == 0 { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try await session.status()["phase"] as? String == "running")
    }

    @Test(
        .enabled(
            if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"),
            "another user can be had by root, with setpriv"
        )
    )
    func `another user is refused, by the file's mode and behind it by the session`() async throws {
        let session = try await DeskedSession()
        // The program where anybody may run it.
        let program = session.folder.path + "/tapedeck"
        try FileManager.default.copyItem(atPath: Program.path, toPath: program)
        func ask(_ verb: [String]) async throws -> Program.Outcome {
            try await Program.run(
                ["--reuid=65534", "--regid=65534", "--clear-groups", program, "desk"] + verb
                    + [session.path],
                program: "/usr/bin/setpriv",
                in: session.folder.path
            )
        }
        // The directory lets nobody in, then the socket, then the session itself.
        #expect(try await ask(["status"]).status == 74)
        let parent = URL(filePath: session.path).deletingLastPathComponent().path
        for folder in [parent, session.path] { #expect(chmod(folder, 0o755) == 0) }
        let mode = try await ask(["status"])
        #expect(mode.status == 77, "\(mode.output) \(mode.errors)")
        #expect(chmod(session.path + "/control.sock", 0o666) == 0)
        for verb in [["status"], ["mark", "x"], ["stop"]] {
            let refused = try await ask(verb)
            #expect(refused.status == 1, "\(refused.output) \(refused.errors)")
            #expect(refused.errors.contains("uid 65534 may not"), "\(refused.errors)")
        }
        #expect(try await session.requests().isEmpty)
        #expect(try await session.status()["phase"] as? String == "running")
    }
}
