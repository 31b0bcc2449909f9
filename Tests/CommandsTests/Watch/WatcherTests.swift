import Foundation
import Journal
import Logging
import Market
import Synchronization
import Testing
import Trading
import Watch

@testable import Gateway
@testable import Live

/// The watcher of a session with a real journal, real sinks and a real scraper; what the session says is the test's.
@Suite struct WatcherTests {
    /// A watcher whose session says each tenth of a second what the test wants.
    private final class Watched: Sendable {
        let watcher: Watcher
        let recorder: Recorder
        let records = Mutex<[[UInt8]]>([])
        private let reading: Mutex<Reading>
        private let isAlive = Mutex(true)
        private let task = Mutex<Task<Void, Never>?>(nil)

        init(_ settings: WatchSettings, in folder: TemporaryFolder) async throws {
            watcher = try await Watcher.start(settings, logger: Logger(label: "test"))
            recorder = try Recorder.open(folder.path + "/watched", options: RecorderOptions())
            try recorder.start(time: SessionClock().now(), payload: Array("{}".utf8))
            var reading = Reading()
            var linear = Reading.Socket(name: "public/linear", isPublic: true)
            linear.isReady = true
            reading.sockets = [linear]
            reading.clockOffset = 0
            reading.journal.queueCapacity = 100
            self.reading = Mutex(reading)
            watcher.attach(
                Watcher.Subject(
                    current: CurrentRecorder(recorder),
                    version: "1",
                    commit: "c"
                ) { [weak self] payload in
                    self?.records.withLock { $0.append(payload) }
                }
            )
            let task = Task { [weak self] in
                while !Task.isCancelled {
                    self?.turn()
                    try? await Task.sleep(for: .milliseconds(100))
                }
            }
            self.task.withLock { $0 = task }
        }

        private func turn() {
            let now = SessionClock.monotonic()
            if isAlive.withLock({ $0 }) { watcher.pulse.turned(at: now, hasAppended: true) }
            var reading = reading.withLock { $0 }
            if reading.sockets[0].heard == 0 { reading.sockets[0].heard = now }
            watcher.take(reading)
        }

        func change(_ body: @Sendable (inout Reading) -> Void) { reading.withLock { body(&$0) } }

        func live(_ lives: Bool) { isAlive.withLock { $0 = lives } }

        func end() async throws {
            task.withLock { $0?.cancel() }
            await watcher.stop()
            _ = try recorder.seal()
        }
    }

    private func until(
        _ what: Comment,
        _ isSo: () throws -> Bool
    ) async throws {
        for _ in 0..<6_000 {
            if try isSo() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        try #require(try isSo(), what)
    }

    /// Quick, and not so quick that a machine which stands still for some seconds begins an alert.
    private func settings(_ receiver: AlertReceiver) -> WatchSettings {
        var settings = WatchSettings()
        settings.metrics = WatchSettings.Address(host: "127.0.0.1", port: 0)
        settings.sinks = [.webhook(url: receiver.url)]
        settings.alerts.silentAfter = 5_000_000_000
        settings.alerts.bookInvalidAfter = 1_000_000_000
        settings.alerts.reconnects = 3
        settings.alerts.reconnectWindow = 10_000_000_000
        settings.alerts.stalledAfter = 5_000_000_000
        return settings
    }

    @Test(.timeLimit(.minutes(20)))
    func
        `each alert reaches a webhook when it begins and when it ends, once, in order, though it refuses at first`()
        async throws
    {
        let folder = try TemporaryFolder()
        let receiver = try AlertReceiver(refusals: 2)
        defer { receiver.stop() }
        let watched = try await Watched(settings(receiver), in: folder)
        let bitcoin = InstrumentID(.linear, try #require(Symbol("BTCUSDT")))
        let wall = SessionClock.wall()
        let heard = SessionClock.monotonic()
        watched.change { reading in
            reading.sockets[0].heard = heard
            reading.booksInvalid = [bitcoin]
            reading.journal.queueBytes = 80
            reading.clockOffset = 300_000_000
            reading.keyExpires = wall.advanced(nanoseconds: 86_400_000_000_000)
            reading.quotas = [Reading.Quota(group: "/v5/order/create", limit: 10, left: 0)]
            reading.quietLeft = 600_000_000_000
        }
        // The first look is what reconnects are counted from, and an alert is of a look.
        try await until("it has looked") { !receiver.words.isEmpty }
        watched.live(false)
        watched.watcher.tell(.verifyFailed, problem: "the recording of yesterday does not verify")
        watched.watcher.tell(.unprotected, problem: "dcp.future is not enabled at the exchange")
        // The disk's growth is the watcher's own to measure, which takes ten minutes: `AlertJudgeTests` has that one.
        let expected = Set(AlertName.allCases).subtracting([.diskFilling]).map(\.rawValue)
        try await until("each began: \(receiver.words)") {
            // On and on, so that this one has not ended when the last of them begins.
            watched.change { $0.sockets[0].reconnects += 3 }
            return Set(receiver.words) == Set(expected.map { $0 + " firing" })
        }
        let port = try #require(watched.watcher.port)
        let unwell = try page(port, "/health")
        #expect(unwell.head.hasPrefix("HTTP/1.1 503 "))
        #expect(
            expected.allSatisfy { unwell.body.contains("\"name\":\"\($0)\"") },
            "\(unwell.body)"
        )
        watched.live(true)
        watched.watcher.tell(.verifyFailed, problem: nil)
        watched.watcher.tell(.unprotected, problem: nil)
        watched.change { reading in
            reading.sockets[0].heard = 0
            reading.booksInvalid = []
            reading.journal.queueBytes = 0
            reading.clockOffset = 1_000_000
            reading.keyExpires = nil
            reading.keyExpires = wall.advanced(nanoseconds: 90 * 86_400_000_000_000)
            reading.quotas = []
            reading.quietLeft = 0
        }
        try await until("each ended: \(receiver.words)") {
            receiver.words.count >= 2 * expected.count
        }
        #expect(
            receiver.words.sorted()
                == expected.flatMap { [$0 + " firing", $0 + " resolved"] }.sorted()
        )
        for name in expected {
            let both = receiver.alerts.filter { $0["name"] == name }
            #expect(both.map { $0["state"] } == ["firing", "resolved"])
            #expect(both.first?["since"] == both.last?["since"])
            #expect(both.allSatisfy { $0["schema"] == "tapedeck.alert/1" })
            #expect(both.allSatisfy { $0["recording"] == "watched" && $0["run"] == "1" })
        }
        let well = try page(port, "/health")
        #expect(well.head.hasPrefix("HTTP/1.1 200 ") && well.body.contains(#""reasons":[]"#))
        let count = 2 * expected.count
        let sent = #"tapedeck_alert_deliveries_total{sink="webhook-1",outcome="sent"} \#(count)"#
        // The receiver has the last one before its answer has come.
        try await until("each delivery is counted") {
            try page(port, "/metrics").body.contains(sent + "\n")
        }
        let text = try page(port, "/metrics").body
        #expect(
            text.contains(#"tapedeck_alert_deliveries_total{sink="webhook-1",outcome="failed"} 2"#)
        )
        #expect(!text.contains("TOKEN"))
        try await watched.end()
    }

    @Test(.timeLimit(.minutes(20)))
    func `a program gets them too, and a sink that hangs holds up no other`() async throws {
        let folder = try TemporaryFolder()
        let receiver = try AlertReceiver()
        defer { receiver.stop() }
        var settings = settings(receiver)
        let out = folder.path + "/alerts"
        settings.sinks = [
            .exec(program: "/bin/sleep", arguments: ["600"]), .webhook(url: receiver.url),
            .exec(program: "/bin/sh", arguments: ["-c", "cat >> \(out)"]),
        ]
        let watched = try await Watched(settings, in: folder)
        watched.watcher.tell(.verifyFailed, problem: "it does not verify")
        try await until("it began") { receiver.words == ["verify-failed firing"] }
        watched.watcher.tell(.verifyFailed, problem: nil)
        try await until("it ended") { receiver.words.count == 2 }
        try await until("the program has both") {
            let text = (try? String(contentsOfFile: out, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").count == 2 && text.contains(#""state":"resolved""#)
        }
        let started = ContinuousClock.now
        try await watched.end()
        // The one that hangs does so for ten minutes.
        #expect(ContinuousClock.now - started < .seconds(60), "the end waits for no sink")
    }

    @Test(.timeLimit(.minutes(20)))
    func `rubbish, silence and a crowd cost a scraper nothing`() async throws {
        let folder = try TemporaryFolder()
        let receiver = try AlertReceiver()
        defer { receiver.stop() }
        let watched = try await Watched(settings(receiver), in: folder)
        let port = try #require(watched.watcher.port)
        try await until("it answers") { try page(port, "/metrics").body.contains("# TYPE") }
        var crowd: [RawSocket] = []
        for number in 0..<200 {
            let socket = try RawSocket(port: port)
            switch number % 4 {
            case 0: try? socket.write(Array("GET /metrics HT".utf8))
            case 1: try? socket.write((0..<512).map { UInt8(truncatingIfNeeded: $0 &* 7) })
            case 2: break
            default:
                try? socket.write(
                    Array(("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 100_000)).utf8)
                )
            }
            crowd.append(socket)
        }
        for _ in 0..<50 { #expect(try page(port, "/metrics").body.contains("tapedeck_build_info")) }
        #expect(try page(port, "/else").head.hasPrefix("HTTP/1.1 404 "))
        #expect(try page(port, "/health?x=1").head.hasPrefix("HTTP/1.1 200 "))
        #expect(try page(port, "/metrics", "POST").head.hasPrefix("HTTP/1.1 405 "))
        let head = try page(port, "/metrics", "HEAD")
        #expect(head.head.hasPrefix("HTTP/1.1 200 ") && head.body.isEmpty)
        crowd.removeAll()
        try await watched.end()
    }

    @Test func `a session is alive while its loop turns and records are appended, both`() {
        let pulse = Pulse(at: 100)
        #expect(pulse.beats(within: 50, at: 149) && !pulse.beats(within: 50, at: 150))
        pulse.turned(at: 200, hasAppended: true)
        pulse.turned(at: 240, hasAppended: false)
        #expect(pulse.turned == 240 && pulse.appended == 200)
        #expect(pulse.beats(within: 50, at: 249))
        #expect(!pulse.beats(within: 50, at: 250), "nothing was appended for too long")
        pulse.turned(at: 260, hasAppended: true)
        #expect(pulse.beats(within: 50, at: 300) && !pulse.beats(within: 50, at: 310))
    }

    @Test func `a port that another has is refused before anything is written`() async throws {
        let folder = try TemporaryFolder()
        let receiver = try AlertReceiver()
        defer { receiver.stop() }
        var configuration = SessionConfiguration(
            target: .environment("testnet"),
            path: folder.path + "/session"
        )
        configuration.watch.metrics = WatchSettings.Address(host: "127.0.0.1", port: receiver.port)
        let final = configuration
        let error = await #expect(throws: SessionError.self) {
            _ = try await Session.start(final, registry: .standard, logger: Logger(label: "test"))
        }
        #expect(error?.status == 75)
        #expect(error?.description.contains("metrics: 127.0.0.1 port \(receiver.port)") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/session"))
    }

    private func page(
        _ port: Int,
        _ path: String,
        _ method: String = "GET"
    ) throws -> (head: String, body: String) {
        try MetricsPage.get(port, path, method)
    }
}

/// One page as a scraper gets it: a connection, a request, everything until the end.
enum MetricsPage {
    static func get(
        _ port: Int,
        _ path: String,
        _ method: String = "GET"
    ) throws -> (head: String, body: String) {
        let socket = try RawSocket(port: port)
        let head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        try socket.write(Array(head.utf8))
        let text = String(decoding: socket.bytesToTheEnd(), as: UTF8.self)
        guard let split = text.range(of: "\r\n\r\n") else { return (text, "") }
        return (String(text[..<split.lowerBound]), String(text[split.upperBound...]))
    }
}
