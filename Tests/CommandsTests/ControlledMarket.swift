import Foundation
import Testing

/// The program's exchange on a virtual clock: a test moves its market on and is told of its own books.
final class ControlledMarket {
    let server: Running
    let port: Int
    let journalPath: String
    private let control: RawSocket
    private var client: CleanClient?
    private var watched: [String] = []
    /// By `linear/BTCUSDT/50` and `u`: the exchange's own levels after the push of that number.
    private(set) var books: [String: [Int: String]] = [:]
    private(set) var steps = 0
    var published: [String: [[UInt8]]] { client?.published ?? [:] }

    static let account = "PROXYKEY:PROXYSECRET0123456789abcdef0123456789"

    init(options: [String] = [], in folder: TemporaryFolder) async throws {
        journalPath = folder.path + "/journal.jsonl"
        server = try Self.serve(
            ["--pace", "virtual", "--journal", journalPath, "--rate-limits", "off"] + options,
            in: folder
        )
        port = try await Self.port(server)
        control = try RawSocket(port: port)
    }

    /// Has a client without faults listen to topics such as `linear:orderbook.50.BTCUSDT`, and its books be told.
    func watch(_ topics: [String]) throws {
        watched = topics.compactMap { topic in
            topic.firstMatch(of: #/^(\w+):orderbook\.(\d+)\.(.+)$/#).map {
                "\($0.output.1)/\($0.output.3)/\($0.output.2)"
            }
        }
        client = try CleanClient(port: port, topics: topics)
    }

    static func serve(_ options: [String], in folder: TemporaryFolder) throws -> Running {
        try Program.start(
            ["serve", "--synthetic", "--plain", "--json", "--seed", "5", "--symbols", "2"]
                + ["--account", account, "--for", "1800s"] + options,
            in: folder.path
        )
    }

    static func port(_ server: Running) async throws -> Int {
        try await server.line { line in
            line.firstMatch(of: #/"port":(\d+)/#).flatMap { Int($0.output.1) }
        }
    }

    /// A session file that signs with the account's key.
    static func writeSession(
        endpoint: Int,
        topics: [String],
        settings: String = "",
        in folder: TemporaryFolder
    ) throws {
        let pair = account.split(separator: ":")
        let text = "[main]\nkey = \(pair[0])\nsecret = \(pair[1])\nenvironment = loopback\n"
        let made = FileManager.default.createFile(
            atPath: folder.path + "/credentials",
            contents: Data(text.utf8),
            attributes: [.posixPermissions: 0o600]
        )
        #expect(made)
        let list = topics.map { "  - \"\($0)\"\n" }.joined()
        try """
        endpoint: http://127.0.0.1:\(endpoint)
        credentials: main
        credentials_file: credentials
        \(topics.isEmpty ? "" : "public:\n" + list)\(settings)
        """.write(toFile: folder.path + "/session.yaml", atomically: true, encoding: .utf8)
    }

    /// A hundred milliseconds of the market: a multiple of every book's interval, so that books end as they were pushed.
    func step() throws {
        do {
            try advance()
        } catch let error as RawSocket.Closed {
            let state = server.process.isRunning ? "runs" : "has ended"
            throw Running.Missing(
                what:
                    "\(error) at step \(steps): the exchange \(state); it said: \(server.errorsSoFar)"
            )
        }
    }

    private func advance() throws {
        steps += 1
        let names = watched.map { "\"\($0)\"" }.joined(separator: ",")
        let answer = try control.request(
            "POST",
            "/tapedeck/advance",
            body: #"{"milliseconds":100,"books":[\#(names)]}"#
        )
        let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        let rows = try #require(object?["books"] as? [[String: Any]], "\(answer)")
        for row in rows where row["b"] != nil {
            let name = "\(row["category"] ?? "")/\(row["symbol"] ?? "")/\(row["depth"] ?? "")"
            let update = try #require(row["u"] as? Int)
            books[name, default: [:]][update] = Self.text(row["b"]) + "|" + Self.text(row["a"])
        }
        try client?.listen()
    }

    private static func text(_ levels: Any?) -> String {
        (levels as? [[String]] ?? []).map { $0.map(plain).joined(separator: "@") }
            .joined(separator: " ")
    }

    /// Without zeros behind the last digit of a fraction: equal numbers are equal texts.
    static func plain(_ number: String) -> String {
        guard number.utf8.contains(UInt8(ascii: ".")) else { return number }
        var text = Substring(number)
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return String(text)
    }

    /// The status of the control endpoint.
    func status() throws -> [String: Any] {
        let answer = try control.request("GET", "/tapedeck/status")
        let object = try JSONSerialization.jsonObject(with: Data(answer.utf8))
        return try #require(object as? [String: Any])
    }

    func get(_ target: String) throws -> [String: Any] {
        let answer = try control.request("GET", target)
        let object = try JSONSerialization.jsonObject(with: Data(answer.utf8))
        return try #require(object as? [String: Any])
    }

    /// How many pushes the exchange made for each of its sockets that are closed, by the socket's number.
    static func pushes(_ journal: String) throws -> [Int: Int] {
        var pushes: [Int: Int] = [:]
        for line in try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard object?["what"] as? String == "closed", let client = object?["client"] as? Int
            else { continue }
            pushes[client] = object?["pushes"] as? Int
        }
        return pushes
    }
}
