import Glibc
import JSON
import Logging
import Market
import ReplayServer
import Testing

extension ReplayServerTests {
    /// The server of a file of messages, over real sockets.
    @Suite(.timeLimit(.minutes(10))) struct MessagesServerTests {
        static let frames = [
            #"{"success":true,"ret_msg":"","conn_id":"old","req_id":"","op":"subscribe"}"#,
            #"{"topic":"tickers.AAAUSDT","type":"snapshot","data":{"symbol":"AAAUSDT"}}"#,
            #"{"topic":"publicTrade.AAAUSDT","data":[{"p":"1.50","note":"tab\there é \"quoted\""}]}"#,
            "not even JSON",
        ]

        @Test(arguments: [true, false])
        func `every recv frame of the file goes out byte for byte and in order`(
            isPlain: Bool
        ) async throws {
            try await withServer(lines(of: Self.frames), isPlain: isPlain) { server in
                #expect(server.messages == 4)
                let socket = try await TestSocket.open(server.address, "/v5/public/linear")
                let ack = try await socket.ask(#"{"op":"subscribe","args":["tickers.AAAUSDT"]}"#)
                #expect(ack.contains(#""success":true"#))
                for frame in Self.frames { #expect(try await socket.text() == frame) }
                // It stays open and answers.
                let pong = try await socket.ask(#"{"op":"ping","req_id":"p"}"#)
                #expect(pong.contains(#""ret_msg":"pong""#) && pong.contains(#""req_id":"p""#))
                await socket.close()
            }
        }

        @Test func `every public connection gets the whole file and a private one nothing`()
            async throws
        {
            try await withServer(lines(of: Self.frames)) { server in
                for path in ["/v5/public/linear", "/v5/public/spot", "/v5/public/option"] {
                    let socket = try await TestSocket.open(server.address, path)
                    _ = try await socket.ask(#"{"op":"subscribe","args":["x"]}"#)
                    for frame in Self.frames {
                        #expect(try await socket.text() == frame)
                    }
                    await socket.close()
                }
                let personal = try await TestSocket.open(server.address, "/v5/private")
                let auth = try await personal.ask(#"{"op":"auth","args":["k",1,"s"]}"#)
                #expect(auth.contains(#""op":"auth""#) && auth.contains(#""success":true"#))
                _ = try await personal.ask(#"{"op":"subscribe","args":["order"]}"#)
                let pong = try await personal.ask(#"{"op":"ping"}"#)
                #expect(pong.contains("pong"))
                await personal.close()
            }
        }

        @Test func `a client that does not read is waited for, and then gets each frame once`()
            async throws
        {
            let count = 6_000
            let pad = String(repeating: "x", count: 3_000)
            let text = (0..<count).map { index in
                "{\"t\":\"recv\",\"data\":\"{\\\"n\\\":\(index),\\\"pad\\\":\\\"\(pad)\\\"}\"}"
            }.joined(separator: "\n")
            try await withServer(text) { server in
                let socket = try await TestSocket.open(server.address, "/v5/public/linear")
                try await socket.setReading(false)
                try await socket.send(#"{"op":"subscribe","args":["x"]}"#)
                var sent = -1
                // Until nothing moves any more: the kernel's buffers and the server's mark are full.
                while await server.counters().pushes != sent {
                    sent = await server.counters().pushes
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(sent < count)
                try await socket.setReading(true)
                #expect(try await socket.text().contains("success"))
                for index in 0..<count {
                    #expect(try await socket.text() == "{\"n\":\(index),\"pad\":\"\(pad)\"}")
                }
                #expect(await server.counters().pushes == count)
                await socket.close()
            }
        }

        @Test func `frames at the pace of the file keep their order`() async throws {
            let text = (0..<5).map {
                #"{"t":"recv","ts":100.\#($0)00000001,"data":"{\"n\":\#($0)}"}"#
            }.joined(separator: "\n")
            try await withServer(text, pace: .multiplied(20)) { server in
                let socket = try await TestSocket.open(server.address, "/v5/public/spot")
                _ = try await socket.ask(#"{"op":"subscribe","args":["x"]}"#)
                for index in 0..<5 { #expect(try await socket.text() == "{\"n\":\(index)}") }
                await socket.close()
            }
        }

        @Test(.enabled(if: Shared.directory != nil, "no ../shared beside the package"))
        func `a real session arrives byte for byte, and its books end as they are known to`()
            async throws
        {
            let directory = try #require(Shared.directory)
            let file = directory + "/data/bybit/cryptofeed-2026-08-09/linear.jsonl"
            var configuration = MessagesServerConfiguration()
            configuration.isPlain = true
            let server = try await MessagesServer.start(
                configuration,
                file: file,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            )
            let socket = try await TestSocket.open(server.address, "/v5/public/linear")
            _ = try await socket.ask(#"{"op":"subscribe","args":["orderbook.200.BTCUSDT"]}"#)
            let decoder = TestDecoder()
            var books: [String: Book] = [:]
            for frame in try Shared.frames(of: file) {
                let text = try await socket.text()
                #expect(text == frame)
                let event = decoder.decode(text, public: "linear")
                guard event.kind == .book else { continue }
                let scale = Scale(priceDecimals: 5, quantityDecimals: 3)
                var book = books["\(event.symbol)"] ?? Book(scale: scale)
                if event.book.isSnapshot { book.removeAll() }
                for (side, levels) in [(Side.buy, event.book.bids), (.sell, event.book.asks)] {
                    for level in levels {
                        book.set(
                            side,
                            price: try scale.price(level.price),
                            size: try scale.quantity(level.size)
                        )
                    }
                }
                books["\(event.symbol)"] = book
            }
            let bitcoin = try #require(books["BTCUSDT"])
            #expect(bitcoin.bids.count == 200 && bitcoin.asks.count == 200)
            #expect(
                bitcoin.bestBid
                    == Level(price: Price(units: 6_511_420_000), size: Quantity(units: 5_974))
            )
            #expect(
                bitcoin.bestAsk
                    == Level(price: Price(units: 6_511_430_000), size: Quantity(units: 9_060))
            )
            let doge = try #require(books["DOGEUSDT"])
            #expect(
                doge.bestBid
                    == Level(price: Price(units: 7_055), size: Quantity(units: 192_121_000))
            )
            await socket.close()
            await server.stop()
        }

        @Test func `REST knows the time and answers 404 in the exchange's envelope otherwise`()
            async throws
        {
            try await withServer(lines(of: [])) { server in
                let socket = try await TestSocket.connect(server.address)
                let time = try await socket.request("GET", "/v5/market/time")
                #expect(time.status == 200)
                #expect(time.body.contains(#""retCode":0"#) && time.body.contains("timeNano"))
                let other = try await socket.request("GET", "/v5/market/tickers?category=linear")
                #expect(other.status == 404)
                #expect(other.body.contains(#""retCode":10017"#))
                await socket.close()
            }
        }

        @Test(arguments: [
            ("{\"t\":\"recv\",\"data\":\"x\"}\n{\"t\":\"recv\"}", 2),
            ("nonsense", 1),
            ("{\"t\":\"connect\"}\n\n{\"t\":\"recv\",\"data\":5}", 3),
        ])
        func `a line that is none is named with file and number`(
            text: String,
            line: Int
        ) async throws {
            await #expect {
                try await withServer(text) { _ in }
            } throws: { error in
                guard case .line(_, line: let found, reason: _) = error as? ServerError else {
                    return false
                }
                return found == line
            }
        }

        @Test func `a missing file is said with its path`() async throws {
            await #expect(throws: ServerError.self) {
                _ = try await MessagesServer.start(
                    MessagesServerConfiguration(),
                    file: "/nowhere/at/all.jsonl",
                    logger: Logger(label: "test")
                )
            }
        }

        private func lines(of frames: [String]) -> String {
            let quoted = frames.map { frame in
                "{\"t\":\"recv\",\"conn\":\"c\",\"ts\":1.5,\"data\":\"" + escaped(frame) + "\"}"
            }
            return (["{\"t\":\"connect\",\"ts\":1.0}"] + quoted).joined(separator: "\n")
        }

        private func escaped(_ text: String) -> String {
            text.reduce(into: "") { result, letter in
                switch letter {
                case "\"", "\\": result += "\\\(letter)"
                default: result.append(letter)
                }
            }
        }

        private func withServer(
            _ text: String,
            isPlain: Bool = true,
            pace: MessagePace = .asRead,
            _ body: (MessagesServer) async throws -> Void
        ) async throws {
            var template = Array("/tmp/messages-XXXXXX".utf8CString)
            let file = mkstemp(&template)
            let path = String(decoding: template.dropLast().map { UInt8($0) }, as: UTF8.self)
            defer { unlink(path) }
            let bytes = Array(text.utf8)
            #expect(write(file, bytes, bytes.count) == bytes.count)
            close(file)
            var configuration = MessagesServerConfiguration()
            configuration.isPlain = isPlain
            configuration.pace = pace
            let server = try await MessagesServer.start(
                configuration,
                file: path,
                logger: Logger(label: "test")
            )
            do {
                try await body(server)
            } catch {
                await server.stop()
                throw error
            }
            await server.stop()
        }
    }
}

/// The data beside the package, where it is there.
enum Shared {
    static var directory: String? {
        let root = String(decoding: #filePath.utf8, as: UTF8.self)
            .split(separator: "/").dropLast(4).joined(separator: "/")
        let candidates = [
            getenv("TAPEDECK_SHARED").map { String(cString: $0) }, "/" + root + "/shared",
        ]
        return candidates.compactMap(\.self).first { access($0 + "/data/README.md", R_OK) == 0 }
    }

    /// The `recv` frames of a file of messages, read here by other means than the server's.
    static func frames(of path: String) throws -> [String] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&part, 1, part.count, file), count > 0 {
            bytes += part[..<count]
        }
        let parser = JSONParser()
        return try bytes.split(separator: 0x0a).compactMap { line in
            try parser.read(Array(line)) { root -> String? in
                root["t"]?.string == "recv" ? root["data"]?.string : nil
            }
        }
    }
}
