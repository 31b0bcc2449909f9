import Foundation
import Glibc
import Testing
import Watch

@testable import Gateway
@testable import Live

/// One attempt at a sink: what a program finds, and what becomes of one that misbehaves.
@Suite struct SinkTests {
    private func run(
        _ script: String,
        input: String = #"{"schema":"x"}"#,
        limit: Int64 = 20_000_000_000
    ) -> String? {
        SinkProgram.run("/bin/sh", ["-c", script], input: Array(input.utf8), limit: limit)
    }

    @Test func `a program gets the alert on its standard input, and its arguments as they are`()
        throws
    {
        let folder = try TemporaryFolder()
        let out = folder.path + "/out"
        let problem = SinkProgram.run(
            "/bin/sh",
            ["-c", #"cat > "$1"; printf '%s' "$2" >> "$1""#, "name", out, "a b;c"],
            input: Array(#"{"schema":"x"}"#.utf8),
            limit: 20_000_000_000
        )
        #expect(problem == nil)
        #expect(try String(contentsOfFile: out, encoding: .utf8) == "{\"schema\":\"x\"}\na b;c")
    }

    @Test func `nothing of ours is in its environment, and no file of ours is open`() throws {
        setenv("TAPEDECK_CANARY", "CANARYSECRET0123456789", 1)
        defer { unsetenv("TAPEDECK_CANARY") }
        let folder = try TemporaryFolder()
        let out = folder.path + "/out"
        // Without close-on-exec: what a library has opened may be like this.
        let open = Glibc.open("/dev/zero", O_RDONLY)
        defer { close(open) }
        #expect(run("{ /usr/bin/env; ls -l /proc/self/fd; } > \(out)") == nil)
        let text = try String(contentsOfFile: out, encoding: .utf8)
        #expect(!text.contains("CANARY") && !text.contains("HOME=") && text.contains("PATH="))
        #expect(!text.contains("/dev/zero"), "\(text)")
    }

    @Test func `a program that fails, hangs, is ended or is not there is said to be so`() {
        #expect(run("exit 3") == "it ended with status 3")
        #expect(run("kill -TERM $$") == "it was ended by signal 15")
        #expect(run("exec sleep 600", limit: 200_000_000)?.contains("was killed") == true)
        let missing = SinkProgram.run("/nothing/here", [], input: [], limit: 1_000_000_000)
        #expect(missing?.hasPrefix("it could not be started: ") == true)
    }

    @Test func `what it has started goes with it`() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/pid"
        #expect(run("sleep 600 & echo $! > \(file); wait", limit: 5_000_000_000) != nil)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let child = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        // Gone, or waiting for whoever inherited it to take note; a moment after the signal.
        var status = ""
        for _ in 0..<6_000 {
            status = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
            if status.isEmpty || status.contains(") Z") { break }
            usleep(10_000)
        }
        #expect(status.isEmpty || status.contains(") Z"), "\(status)")
    }

    @Test func `a program that does not read is no signal for us`() {
        for _ in 0..<20 {
            #expect(run("exec true", input: String(repeating: "x", count: 50_000)) == nil)
        }
        #expect(run("true", input: String(repeating: "x", count: 70_000)) != nil)
    }

    @Test func `an address is posted to, and what it answers counts`() throws {
        let receiver = try AlertReceiver(refusals: 1)
        defer { receiver.stop() }
        let body = Array(#"{"name":"a","state":"firing"}"#.utf8)
        #expect(Webhook.post(body, to: receiver.url, limit: 20_000_000_000) == "HTTP 503")
        #expect(Webhook.post(body, to: receiver.url, limit: 20_000_000_000) == nil)
        #expect(receiver.words == ["a firing"])
        #expect(receiver.paths.last == "POST /hook/TOKENTHATISASECRET HTTP/1.1")
    }

    @Test func `an address where nobody is, or nobody answers, is given up and not named`() throws {
        let closed = try AlertReceiver()
        closed.stop()
        let problem = Webhook.post([], to: "http://127.0.0.1:1/TOKEN", limit: 5_000_000_000)
        #expect(problem != nil && problem?.contains("TOKEN") == false)
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listening) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listening, $0, length)
                _ = listen(listening, 8)
                _ = getsockname(listening, $0, &length)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        #expect(Webhook.post([], to: "http://127.0.0.1:\(port)/", limit: 300_000_000) != nil)
    }
}
