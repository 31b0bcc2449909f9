import Foundation
import Glibc
import Testing

@testable import Commands

/// A session as a service of systemd's: what it tells its manager, and the unit file.
@Suite(.serialized) struct ServiceTests {
    @Test(arguments: [false, true])
    func `a session tells that it is ready, lives and ends`(isAbstract: Bool) async throws {
        let folder = try TemporaryFolder()
        let name = isAbstract ? "@tapedeck-\(UUID().uuidString)" : folder.path + "/notify"
        let manager = try Manager(name)
        let server = try ControlledMarket.serve([], in: folder)
        defer { server.kill() }
        let port = try await ControlledMarket.port(server)
        let recorder = try Program.start(
            [
                "record", "--endpoint", "http://127.0.0.1:\(port)", "--public",
                "linear:tickers.BTCUSDT", "--out", "session", "--for", "120s",
            ],
            environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "600000"],
            in: folder.path
        )
        defer { recorder.kill() }
        let first = try await manager.next()
        #expect(first.hasPrefix("READY=1\nSTATUS=recording into"), "\(first)")
        var told: [String] = []
        while !told.contains("WATCHDOG=1") || !told.contains(where: { $0.hasPrefix("STATUS=") }) {
            told.append(try await manager.next())
            try #require(told.count < 200, "\(told.suffix(3))")
        }
        let status = try #require(told.first { $0.hasPrefix("STATUS=") })
        #expect(status.contains("records durable") && status.contains("sockets"), "\(status)")
        recorder.terminate()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.errors)")
        var last = try await manager.next()
        while !last.hasPrefix("STOPPING=1") { last = try await manager.next() }
        // Nothing follows the end.
        #expect(manager.waiting().isEmpty)
    }

    @Test(arguments: [
        (Int64(0), true), (4_900_000_000, true), (5_000_000_000, false), (60_000_000_000, false),
    ])
    func `the watchdog is fed only while the last record is younger than five seconds`(
        age: Int64,
        isAlive: Bool
    ) {
        #expect(ServiceManager.isAlive(sinceAppend: age) == isAlive)
    }

    @Test(
        arguments: [
            ([:], nil), (["WATCHDOG_USEC": "15000000"], 5_000), (["WATCHDOG_USEC": "0"], nil),
            (["WATCHDOG_USEC": "soon"], nil),
            (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"], 1_000),
            (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "8"], nil),
        ] as [([String: String], Int?)]
    )
    func `the watchdog's interval is a third of the unit's, where it is meant for this process`(
        variables: [String: String],
        milliseconds: Int?
    ) {
        let interval = ServiceManager.watchdog({ variables[$0] }, 7)
        #expect(interval == milliseconds.map { Duration.milliseconds($0) })
    }

    @Test func `without a manager nothing is told, and a wrong address is no error`() async throws {
        let folder = try TemporaryFolder()
        for name in [
            "", "vsock:2:1234", folder.path + "/nobody", "@" + String(repeating: "x", count: 200),
        ] {
            let outcome = try await Program.run(
                [
                    "record", "--endpoint", "http://127.0.0.1:9", "--public",
                    "linear:tickers.BTCUSDT", "--out", "s\(name.count)", "--for", "1s",
                ],
                environment: ["NOTIFY_SOCKET": name],
                in: folder.path
            )
            #expect(outcome.status == 69, "\(outcome.errors)")
        }
    }

    static let analyzer = "/usr/bin/systemd-analyze"

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: analyzer),
            "needs systemd-analyze of the package systemd"
        )
    )
    func `systemd takes the unit file without a word`() async throws {
        let folder = try TemporaryFolder()
        let unit = Program.root.appending(path: "Tools/systemd/tapedeck@.service")
        let text = try String(contentsOf: unit, encoding: .utf8)
        for line in [
            "Type=notify", "Restart=on-failure", "RestartPreventExitStatus=64 73 77 78",
            "TimeoutStopSec=15",
        ] {
            #expect(text.contains("\n" + line + "\n"), "\(line)")
        }
        // Where the state is, and so that a service that is started again goes on in its row.
        #expect(text.contains(" --set roll=day --out %S/tapedeck/%i/recordings\n"))
        for name in ["LoadCredential=", "StateDirectory=", "RuntimeDirectory=", "WatchdogSec="] {
            #expect(text.contains("\n" + name), "\(name)")
        }
        // The program as it is installed need not be here.
        let here = text.replacing("/usr/local/bin/tapedeck", with: Program.path)
        let path = folder.path + "/tapedeck@desk.service"
        try here.write(toFile: path, atomically: true, encoding: .utf8)
        let outcome = try await Program.run(["verify", path], program: Self.analyzer)
        #expect(outcome.status == 0, "\(outcome.errors)")
        // It ends with 0 for keys that it does not know.
        #expect(outcome.errors.isEmpty && outcome.output.isEmpty, "\(outcome.errors)")
    }
}

/// What systemd is to a service: a datagram socket.
final class Manager: @unchecked Sendable {
    // Guarded by use: one test owns it.
    private let descriptor: Int32

    /// - Parameter name: a path, or `@` and a name in the abstract space.
    init(_ name: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0, "bind: \(errno)")
    }

    deinit { close(descriptor) }

    private func receive() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// The next datagram; waits a minute at most.
    func next() async throws -> String {
        for _ in 0..<3_000 {
            if let text = receive() { return text }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Running.Missing(what: "nothing was told")
    }

    /// All that has come and was not taken.
    func waiting() -> [String] {
        var texts: [String] = []
        while let text = receive() { texts.append(text) }
        return texts
    }
}
