import Foundation
import Market
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// What is done to requests, and to everybody; the control endpoint's own words; chaos by seed.
    @Suite(.timeLimit(.minutes(10))) struct RequestMannersTests {
        private static let book = "/v5/market/orderbook?category=linear&symbol=BTCUSDT"

        private func ask(
            _ exchange: ControlledExchange,
            _ target: String = book
        ) async throws -> TestSocket.Response {
            let socket = try await TestSocket.connect(exchange.server.address)
            let response = try await socket.request("GET", target)
            await socket.close()
            return response
        }

        @Test(arguments: [
            (#"{"manner":"forbidden"}"#, 403, "access too frequent"),
            (#"{"manner":"server-error","status":503}"#, 503, "10016"),
            (#"{"manner":"rate-limit","milliseconds":500}"#, 200, "10006"),
            (#"{"manner":"overload"}"#, 429, "10429"),
        ])
        func `a request is refused once, and the next is answered`(
            order: String,
            status: Int,
            word: String
        ) async throws {
            try await ControlledExchange.run { exchange in
                try await exchange.order(order)
                let refused = try await ask(exchange)
                #expect(refused.status == status)
                #expect(refused.body.contains(word))
                #expect(try await ask(exchange).body.contains(#""retCode":0"#))
                let name = try #require(order.firstMatch(of: #/"manner":"([a-z-]+)"/#)?.output.1)
                let entries = try await exchange.journal(String(name))
                #expect(entries.map { $0["path"] as? String } == ["/v5/market/orderbook"])
                guard name == "rate-limit" else { return }
                let reset = refused.headers["x-bapi-limit-reset-timestamp"].flatMap { Int($0) }
                #expect(reset == 1_767_225_600_500)
            }
        }

        @Test func `an order that was accepted and not answered is named with its answer`()
            async throws
        {
            try await ControlledExchange.run { exchange in
                try await exchange.order(
                    #"{"manner":"unanswered","path":"/v5/order/*","account":"main"}"#
                )
                let body = TestExchange.order("Buy", quantity: "0.001", price: "80000", link: "u1")
                let socket = try await TestSocket.connect(exchange.server.address)
                try await socket.write(
                    TestExchange.signed("POST", "/v5/order/create", body: body)
                )
                var entries: [[String: Any]] = []
                while entries.isEmpty { entries = try await exchange.journal("unanswered") }
                #expect(entries.first?["request"] as? String == body)
                let answer = try #require(entries.first?["answer"] as? String)
                let id = try #require(answer.firstMatch(of: #/"orderId":"([^"]+)"/#)?.output.1)
                let open = try await exchange.exchange.request(
                    "GET",
                    "/v5/order/realtime",
                    query: "category=linear&symbol=BTCUSDT"
                )
                #expect(open.body.contains(id))
                await socket.close()
            }
        }

        @Test func `a request can wait, be answered late, or be cut off`() async throws {
            try await ControlledExchange.run { exchange in
                for manner in ["latency", "late-answer"] {
                    try await exchange.order(
                        #"{"manner":"\#(manner)","path":"/v5/*","milliseconds":200}"#
                    )
                    let start = ContinuousClock.now
                    #expect(try await ask(exchange).status == 200)
                    #expect(ContinuousClock.now - start >= .milliseconds(200))
                    #expect(try await exchange.journal(manner).count == 1)
                }
                try await exchange.order(
                    #"{"manner":"disconnect","path":"/v5/market/*","after":0}"#
                )
                await #expect(throws: TestSocket.Closed.self) { _ = try await ask(exchange) }
                #expect(try await exchange.journal("disconnect").count == 1)
            }
        }

        @Test func `maintenance drops sockets, refuses what comes, and ends`() async throws {
            try await ControlledExchange.run { exchange in
                let socket = try await exchange.subscriber(
                    "/v5/public/linear",
                    "orderbook.1.BTCUSDT"
                )
                try await exchange.order(#"{"manner":"maintenance","milliseconds":1000}"#)
                #expect(await socket.isCutOff())
                #expect(try await ask(exchange).status == 503)
                let refused = try await TestSocket.connect(exchange.server.address)
                #expect(try await refused.upgrade("/v5/public/linear") == 503)
                try await exchange.advance(1_000)
                #expect(try await ask(exchange).status == 200)
                let again = try await TestSocket.open(exchange.server.address, "/v5/private")
                await again.close()
                #expect(try await exchange.journal("maintenance").count == 3)
            }
        }

        @Test func `a clock that is off tells so and judges by itself`() async throws {
            try await ControlledExchange.run { exchange in
                try await exchange.order(#"{"manner":"clock-offset","milliseconds":-3000}"#)
                let time = try await ask(exchange, "/v5/market/time")
                #expect(time.body.contains(#""timeSecond":"1767225597""#))
                let refused = try await exchange.exchange.request(
                    "GET",
                    "/v5/account/wallet-balance",
                    query: "accountType=UNIFIED"
                )
                #expect(refused.body.contains("10002"))
                #expect(try await exchange.status()["clock_offset"] as? Int == -3_000)
            }
        }

        @Test(arguments: [
            (#"{"manner":"dance"}"#, "manner is not one of latency"),
            (#"{"manner":"gap","topics":"x"}"#, "topics is not one of"),
            (#"{"manner":"gap","times":0}"#, "times is a whole number from 1"),
            (#"{"manner":"gap","client":"one"}"#, "client is a socket's number"),
            (#"{"manner":"maintenance","after":1}"#, "maintenance is done at once"),
            (#"["gap"]"#, "an order is a JSON object"),
            ("{", "not JSON"),
        ])
        func `an order that makes no sense is refused with words`(
            order: String,
            words: String
        ) async throws {
            try await ControlledExchange.run { exchange in
                let answer = try await exchange.control("POST", "manners", order)
                #expect(answer.status == 400)
                #expect(answer.body.contains(words), "\(answer.body)")
                #expect(try await exchange.control("GET", "nothing").status == 404)
            }
        }

        @Test func `an order is taken back before it is carried out`() async throws {
            try await ControlledExchange.run { exchange in
                try await exchange.order(#"{"manner":"forbidden","times":5}"#)
                let kept = try await exchange.control("GET", "manners")
                #expect(kept.body.contains(#""manner":"forbidden""#))
                let removed = try await exchange.control("DELETE", "manners?order=1")
                #expect(removed.body.contains(#""removed":1"#))
                #expect(try await ask(exchange).status == 200)
            }
        }

        @Test func `the same chaos befalls the same pushes, byte by byte`() async throws {
            var runs: [(pushes: [String], journal: String)] = []
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "manners-" + UUID().uuidString)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            for (run, seed) in [(0, UInt64(21)), (1, 21), (2, 22)] {
                let file = folder.appending(path: "\(run).jsonl").path
                var seen: [String] = []
                try await ControlledExchange.run(chaos: seed, journal: file) { exchange in
                    var socket = try await chaoticSubscriber(exchange)
                    for _ in 0..<40 {
                        try await exchange.advance(500)
                        // Drops are part of it: whoever is dropped comes again.
                        while true {
                            do {
                                seen += try await exchange.pushes(socket)
                                break
                            } catch {
                                seen.append("dropped")
                                socket = try await chaoticSubscriber(exchange)
                            }
                        }
                    }
                    await socket.close()
                }
                let journal = try String(contentsOfFile: file, encoding: .utf8)
                // When a dropped socket's end is noticed depends on the machine.
                let done = journal.split(separator: "\n").filter {
                    !$0.contains(#""what":"closed""#)
                }
                .map { $0.replacing(#/"number":\d+,/#, with: "") }
                runs.append((seen, done.joined(separator: "\n")))
            }
            #expect(runs[0].journal.contains(#""cause":"chaos""#))
            #expect(runs[0].journal == runs[1].journal)
            #expect(runs[0].pushes == runs[1].pushes)
            #expect(runs[0].journal != runs[2].journal)
        }

        private func chaoticSubscriber(_ exchange: ControlledExchange) async throws -> TestSocket {
            try await exchange.subscriber(
                "/v5/public/linear",
                "orderbook.1.BTCUSDT",
                "orderbook.50.BTCUSDT",
                "tickers.BTCUSDT",
                "publicTrade.BTCUSDT"
            )
        }

        @Test func `chaos stays within what the protocol allows`() {
            var done: Set<Manner> = []
            for seed in UInt64(0)..<8 {
                let chaos = Chaos(seed: seed)
                for push in 1...30_000 {
                    for kind in [PushKind.book, .repeatable, .once] {
                        guard let decision = chaos.push(kind, client: 3, push: push) else {
                            continue
                        }
                        done.insert(decision.manner)
                        #expect(decision.manner.isOfPushes)
                        if decision.manner == .duplicate { #expect(kind == .repeatable) }
                        if decision.manner == .gap { #expect(kind != .repeatable) }
                        if [.snapshot, .restart].contains(decision.manner) {
                            #expect(kind == .book)
                        }
                    }
                    guard let decision = chaos.request(isOrder: false, number: push) else {
                        continue
                    }
                    done.insert(decision.manner)
                    #expect(decision.manner != .unanswered)
                    #expect(decision == chaos.request(isOrder: true, number: push))
                }
            }
            // No client outside the trade socket meets a node's restart: it is by order only.
            #expect(done == Set(Manner.allCases).subtracting([.unanswered, .nodeRestart]))
        }
    }
}
