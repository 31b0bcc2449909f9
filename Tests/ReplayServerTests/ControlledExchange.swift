import Foundation
import Logging
import Market
import Simulation
import Testing

@testable import ReplayServer

/// An exchange on a virtual clock, and its control endpoint.
struct ControlledExchange {
    let exchange: TestExchange
    var server: ExchangeServer { exchange.server }

    /// 2026-01-01T00:00:00Z.
    static let start = Timestamp(nanoseconds: 1_767_225_600_000_000_000)

    /// Starts, runs `body`, stops.
    static func run(
        chaos: UInt64? = nil,
        journal: String? = nil,
        rateLimits: RateLimits = .unlimited,
        start: Timestamp = start,
        listings: [Listing]? = nil,
        calendars: [any ListingCalendar] = [],
        deposits: [(String, String)] = [("USDT", "100000")],
        _ body: (ControlledExchange) async throws -> Void
    ) async throws {
        var configuration = ExchangeServerConfiguration()
        configuration.isPlain = true
        configuration.pace = .virtual
        configuration.rateLimits = rateLimits
        configuration.accounts = [TestExchange.main, TestExchange.other]
        configuration.deposits = try deposits.map {
            AccountConfiguration.Deposit(coin: $0.0, amount: try Amount(text: $0.1))
        }
        configuration.chaosSeed = chaos
        configuration.journal = journal
        let exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 7,
                start: start,
                listings: listings ?? Listing.standard(),
                fundingInterval: 3_600_000_000_000,
                calendars: calendars
            )
        )
        let server = try await ExchangeServer.start(
            configuration,
            exchange: exchange,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        do {
            try await body(ControlledExchange(exchange: TestExchange(server: server)))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    // MARK: the control endpoint

    func control(
        _ method: String,
        _ target: String,
        _ body: String = ""
    ) async throws -> TestSocket.Response {
        let socket = try await TestSocket.connect(server.address)
        let response = try await socket.request(method, "/tapedeck/" + target, body: body)
        await socket.close()
        return response
    }

    private func object(_ response: TestSocket.Response) throws -> [String: Any] {
        #expect(response.status == 200, "\(response.body)")
        let object = try JSONSerialization.jsonObject(with: Data(response.body.utf8))
        return try #require(object as? [String: Any])
    }

    func advance(_ milliseconds: Int) async throws {
        _ = try object(
            try await control("POST", "advance", #"{"milliseconds":\#(milliseconds)}"#)
        )
    }

    /// Orders a manner; how many sockets it was done to at once.
    @discardableResult
    func order(_ order: String) async throws -> Int {
        let answer = try object(try await control("POST", "manners", order))
        return try #require(answer["carried_out"] as? Int)
    }

    func status() async throws -> [String: Any] { try object(try await control("GET", "status")) }

    /// Entries of the journal about one manner.
    func journal(_ what: String) async throws -> [[String: Any]] {
        let answer = try object(try await control("GET", "journal?limit=10000"))
        let entries = try #require(answer["entries"] as? [[String: Any]])
        return entries.filter { $0["what"] as? String == what }
    }

    // MARK: a subscriber

    /// A public socket with these topics, its acknowledgement read.
    func subscriber(_ path: String, _ topics: String...) async throws -> TestSocket {
        let socket = try await exchange.open(path)
        let list = topics.map { "\"\($0)\"" }.joined(separator: ",")
        let ack = try await socket.ask(#"{"op":"subscribe","args":[\#(list)]}"#)
        #expect(ack.contains("true"), "\(ack)")
        return socket
    }

    /// Every push up to the answer to a ping: all that was sent before it.
    func pushes(_ socket: TestSocket) async throws -> [String] {
        try await socket.send(#"{"op":"ping","req_id":"until"}"#)
        var pushes: [String] = []
        while true {
            let text = try await socket.text()
            if text.contains("pong") { return pushes }
            pushes.append(text)
        }
    }
}

/// A figure of a push, by its name.
func figure(_ name: String, in text: String) -> Int? {
    guard let range = text.range(of: "\"\(name)\":") else { return nil }
    return Int(text[range.upperBound...].prefix { $0.isNumber })
}
