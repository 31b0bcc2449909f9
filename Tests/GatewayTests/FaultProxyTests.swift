import Bybit
import FaultProxy
import Market
import NIOCore
import Testing

@testable import Gateway

/// A socket behind the fault proxy: what it delivers is what the proxy says it handed on, and each loss is told.
@Suite struct FaultProxyTests {
    private static let path = "/v5/public/linear"
    private static let frames = (0..<200).map {
        #"{"topic":"t","n":\#($0),"e":"é","p":"a place to be damaged at, far behind the topic"}"#
    }

    /// Answers subscriptions; the second one is followed by all frames.
    private static let script: TestScript = { peer, event in
        guard case .text(let text) = event, text.contains("subscribe") else { return }
        let id = text.split(separator: "\"").dropFirst(3).first ?? ""
        peer.send(
            #"{"success":true,"ret_msg":"","conn_id":"c","req_id":"\#(id)","op":"subscribe"}"#
        )
        if text.contains("more") { for frame in frames { peer.send(frame) } }
    }

    private struct Bench {
        var server: TestServer
        var proxy: FaultProxy
        var socket: SocketUnderTest

        var data: [String] {
            socket.delivered.items.compactMap {
                if case .received(let text) = $0, text.contains("topic") { text } else { nil }
            }
        }

        func wait(for what: Comment, _ condition: ([Delivered]) -> Bool) async throws {
            _ = try await socket.delivered.wait(for: what, until: condition)
        }

        func more() async throws { try await socket.on { $0.want(["t", "more"]) } }

        func end() async throws {
            try await socket.stop()
            try await proxy.stop()
            try await server.stop()
        }
    }

    /// A socket that is ready, behind a proxy with this plan.
    private func bench(
        _ plan: FaultPlan = FaultPlan(),
        isSecure: Bool = false,
        change: (inout ConnectionState.Settings) -> Void = { _ in }
    ) async throws -> Bench {
        let certificate = isSecure ? try TestCertificate() : nil
        let server = try await TestServer(certificate: certificate, script: Self.script)
        let proxy = try await FaultProxy.start(to: server.port, plan: plan)
        let trust = certificate.map { Trust.authority(pem: $0.authority) }
        var settings = try Socket.Settings(
            slot: SocketSlot(.publicData(.linear)),
            number: 0,
            destination: .endpoint(
                base: "\(isSecure ? "https" : "http")://127.0.0.1:\(proxy.port)"
            ),
            tls: try trust?.makeContext()
        )
        settings.state.backoff = Backoff(first: 20_000_000, longest: 20_000_000)
        change(&settings.state)
        let socket = try await SocketUnderTest(settings)
        try await socket.on {
            $0.want(["t"])
            $0.start()
        }
        let bench = Bench(server: server, proxy: proxy, socket: socket)
        try await bench.wait(for: "the socket is ready") { $0.contains { $0.isReady } }
        return bench
    }

    /// Waits until so many data frames of the server have come to the proxy.
    private func received(_ count: Int, _ proxy: FaultProxy) async throws {
        for _ in 0..<2_000 {
            let report = try await proxy.connections().first
            if report?.received.count(where: { $0.topic != nil }) == count { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("the server's frames did not all come to the proxy")
    }

    @Test(arguments: [false, true])
    func `slow, narrow and in single bytes: all comes whole and in order, plain and over TLS`(
        isSecure: Bool
    ) async throws {
        let bench = try await bench(isSecure: isSecure)
        // TLS hides from the proxy that it is a WebSocket.
        let path = isSecure ? "" : Self.path
        #expect(try await bench.proxy.slow(path: path, milliseconds: 30) == [1])
        try await bench.proxy.narrow(path: path, bytesPerSecond: 100_000)
        try await bench.proxy.singleBytes(path: path)
        try await bench.more()
        try await bench.wait(for: "all frames") { items in
            items.count {
                if case .received(let text) = $0 { text.contains("topic") } else { false }
            }
                == Self.frames.count
        }
        #expect(bench.data == Self.frames)
        #expect(try await bench.proxy.log().map(\.fault) == [.latency, .bandwidth, .oneByte])
        try await bench.end()
    }

    @Test(arguments: [false, true])
    func `what a short stall holds back comes after it, and the connection stays`(
        isSecure: Bool
    )
        async throws
    {
        let bench = try await bench(isSecure: isSecure)
        let path = isSecure ? "" : Self.path
        try await bench.proxy.stall(path: path)
        try await bench.more()
        // The request is on its way, and nothing comes.
        try await bench.wait(for: "the request") { items in
            items.contains { if case .sent(let text) = $0 { text.contains("more") } else { false } }
        }
        #expect(bench.data.isEmpty)
        try await bench.proxy.release(path: path)
        try await bench.wait(for: "all frames") { items in
            items.contains(.received(Self.frames[Self.frames.count - 1]))
        }
        #expect(bench.data == Self.frames)
        #expect(bench.server.connections == 1)
        try await bench.end()
    }

    @Test(arguments: [Fault.reset, .close, .torn])
    func `a connection that is cut is told of, and made anew`(fault: Fault) async throws {
        let bench = try await bench()
        #expect(try await bench.proxy.cut(fault, path: Self.path) == [1])
        try await bench.wait(for: "another connection") { $0.count { $0.isReady } == 2 }
        let ends = bench.socket.delivered.items.filter {
            if case .link("disconnected", _) = $0 { true } else { false }
        }
        #expect(ends.count == 1)
        #expect(bench.server.connections == 2)
        #expect(try await bench.proxy.cuts() == 1)
        try await bench.end()
    }

    @Test(arguments: [false, true])
    func `a line on which nothing comes any more is given up after the time of silence`(
        isStall: Bool
    ) async throws {
        let bench = try await bench { settings in
            settings.quiet = 200_000_000
            settings.stale = 600_000_000
        }
        if isStall {
            try await bench.proxy.stall(path: Self.path)
        } else {
            try await bench.proxy.cut(.serverGone, path: Self.path)
        }
        try await bench.wait(for: "another connection") { $0.count { $0.isReady } >= 2 }
        #expect(bench.socket.delivered.items.contains { $0.isGivenUp })
        try await bench.end()
    }

    @Test func `a handshake that is reset is a failure, and tried again`() async throws {
        var plan = FaultPlan()
        plan.seed = 3
        plan.unborn = 500
        let bench = try await bench(plan)
        let broken = try await bench.proxy.log().filter { $0.fault == .unborn }.count
        let failures = bench.socket.delivered.items.count {
            if case .link("failed", _) = $0 { true } else { false }
        }
        #expect(failures == broken)
        #expect(bench.server.connections >= broken)
        try await bench.end()
    }

    @Test func `frames that are lost, doubled, moved and damaged are those of the log`()
        async throws
    {
        var plan = FaultPlan()
        plan.droppedTopics = "t"
        (plan.drops, plan.duplicates, plan.reorders, plan.corruptions) = (60, 60, 60, 60)
        let bench = try await bench(plan)
        try await bench.more()
        try await received(Self.frames.count, bench.proxy)
        var expected: [String] = []
        var held: String?
        let log = try await bench.proxy.log()
        let faults = Dictionary(uniqueKeysWithValues: log.map { ($0.frame ?? 0, $0.fault) })
        for (place, frame) in Self.frames.enumerated() {
            let fault = faults[place + 1]
            if fault == .drop { continue }
            if fault == .reorder, held == nil {
                held = frame
                continue
            }
            expected.append(frame)
            if fault != .duplicate { expected += [held].compactMap { $0 } }
            if fault == .duplicate { expected += [held].compactMap { $0 } + [frame] }
            held = nil
        }
        let report = try #require(try await bench.proxy.connections().first)
        let forwarded = report.forwarded.filter { $0.topic != nil }
            .map { String(decoding: $0.payload, as: UTF8.self) }
        try await bench.wait(for: "what was handed on") { items in
            items.count {
                if case .received(let text) = $0 { text.contains("topic") } else { false }
            }
                == forwarded.count
        }
        #expect(bench.data == forwarded)
        #expect(report.received.count { $0.topic != nil } == Self.frames.count)
        #expect(Set(log.map(\.fault)) == [.drop, .duplicate, .reorder, .corruptText])
        // Damaged ones aside they are the server's, in the order that the log tells.
        #expect(forwarded.count == expected.count)
        for (ours, theirs) in zip(forwarded, expected) where !ours.utf8.contains(1) {
            #expect(ours == theirs)
        }
        #expect(
            forwarded.count { $0.utf8.contains(1) } == log.count { $0.fault == .corruptText }
        )
        try await bench.end()
    }

    @Test func `a frame that is none of the protocol's ends the connection`() async throws {
        var plan = FaultPlan()
        plan.cuts = 1
        plan.cutBy = [(.corruptFrame, 1)]
        plan.framesBeforeCut = 5...5
        (plan.shortLife, plan.longLife) = (0...0, 0...0)
        let bench = try await bench(plan)
        try await bench.more()
        try await bench.wait(for: "another connection") { $0.count { $0.isReady } >= 2 }
        #expect(
            bench.socket.delivered.items.contains(
                .link("disconnected", reason: "a frame has reserved bits")
            )
        )
        let report = try #require(try await bench.proxy.connections().first)
        #expect(report.end == .corruptFrame)
        #expect(report.forwardedByTopic == ["t": 5])
        try await bench.end()
    }
}
