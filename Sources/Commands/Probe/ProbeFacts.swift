import Bybit
import JSON
import Market

/// What a recording says of the points that the protocol reference leaves open.
///
/// - Source: bybit-v5 §12.
struct ProbeFacts {
    /// A topic that no exchange has: its refusal is asked for.
    static let wrongTopic = "publicTrade.NOSUCHSYMBOL"

    /// The exchange's words for a topic that does not exist, by socket.
    private var wrongTopicWords: [String] = []
    private var spotPongHasID: Bool?
    /// Sockets on which an unsubscription is under way, and what came for it.
    private var awaitsUnsubscribe: Set<String> = []
    private var unsubscribeAnswers: [String] = []
    private var awaitsProtection = false
    private var protectionAnswer = ""
    /// Changes of a book by depth: how many went on by one, and how many did not.
    private var deltas: [String: (next: Int, other: Int)] = [:]
    private var hasOrdered = false
    private var pushesBeforeOrder = 0
    private var pushedCoins: [Int] = []
    private var listedCoins = 0
    /// Private topics in the order of their coming, after each execution's id.
    private var orderOfTopics: [String] = []
    private var executions: Set<String> = []
    private var fastExecutions: Set<String> = []
    private var publicTrades: Set<String> = []
    private var bookedTrades: Set<String> = []
    private var reasons: Set<String> = []
    private var margins: Set<String> = []
    private var combinations: [String: String] = [:]
    private var candlesMax = 0
    private var emptyCandles = 0
    private var candles = 0
    private(set) var notOffered: [String] = []

    // MARK: - What came

    mutating func sent(_ socket: String, _ root: JSONValue) {
        let topics = root["args"]?.elements.compactMap(\.string) ?? []
        switch root["op"]?.string {
        case "unsubscribe": awaitsUnsubscribe.insert(socket)
        case "subscribe" where topics.contains { $0.hasPrefix("dcp.") }: awaitsProtection = true
        default: break
        }
    }

    mutating func answer(_ socket: SocketName, _ root: JSONValue) {
        let keys = root.elements.map(\.key).joined(separator: ", ")
        let operation = root["op"]?.string ?? ""
        let isPong = operation == "pong" || root["ret_msg"]?.string == "pong"
        if socket == .publicData(.spot), isPong { spotPongHasID = root["req_id"] != nil }
        guard !isPong else { return }
        if operation == "unsubscribe" || operation.isEmpty,
            awaitsUnsubscribe.remove(socket.text) != nil
        {
            unsubscribeAnswers.append("\(socket.text): {\(keys)}")
        }
        if awaitsProtection, operation == "subscribe", case .privateData = socket {
            awaitsProtection = false
            let isTaken = root["success"]?.bool == true
            protectionAnswer = "{\(keys)}, \(isTaken ? "taken" : "refused")"
        }
    }

    /// True for the refusal of the topic that is wrong on purpose.
    mutating func isProvoked(_ root: JSONValue, _ failed: [String]) -> Bool {
        let words = root["ret_msg"]?.string ?? ""
        guard failed.contains(ProbeFacts.wrongTopic) || words.contains(ProbeFacts.wrongTopic) else {
            return false
        }
        let text = words.isEmpty ? "failTopics" : words
        if !wrongTopicWords.contains(text) { wrongTopicWords.append(text) }
        return true
    }

    mutating func delta(_ topic: String, isNext: Bool) {
        let depth = ProbeReader.head(topic)
        var count = deltas[depth] ?? (0, 0)
        if isNext { count.next += 1 } else { count.other += 1 }
        deltas[depth] = count
    }

    mutating func push(_ topic: String, _ root: JSONValue, _ name: StreamName) {
        guard let data = root["data"] else { return }
        let head = topic.split(separator: ".").first.map(String.init) ?? ""
        if case .privateTopic = name.kind { return personal(topic, head, data) }
        switch head {
        case "publicTrade":
            for row in data.elements { if let id = row["i"]?.string { publicTrades.insert(id) } }
        case "kline":
            candles += data.count
            candlesMax = max(candlesMax, data.count)
            for row in data.elements where row["volume"]?.string == "0" { emptyCandles += 1 }
        default: break
        }
    }

    private mutating func personal(_ topic: String, _ head: String, _ data: JSONValue) {
        if !hasOrdered, head == "order" || head == "position" { pushesBeforeOrder += data.count }
        if orderOfTopics.count < 64 { orderOfTopics.append(topic) }
        switch topic {
        case "execution":
            for row in data.elements { if let id = row["execId"]?.string { executions.insert(id) } }
        case "execution.fast":
            for row in data.elements {
                if let id = row["execId"]?.string { fastExecutions.insert(id) }
            }
        case "wallet":
            if let coins = data[0]?["coin"]?.count { pushedCoins.append(coins) }
        case "order":
            for row in data.elements where row["orderStatus"]?.string == "Cancelled" {
                let words = ["timeInForce", "cancelType", "rejectReason"].map {
                    row[$0]?.string ?? "-"
                }
                reasons.insert(words.joined(separator: " "))
            }
        default: break
        }
    }

    mutating func reply(_ path: String, _ query: String, _ root: JSONValue) {
        let rows = root["result"]?["list"]
        switch path {
        case "/v5/order/create": hasOrdered = true
        case "/v5/account/wallet-balance":
            if let coins = rows?[0]?["coin"]?.count { listedCoins = max(listedCoins, coins) }
        case "/v5/account/transaction-log":
            for row in rows?.elements.map({ $0 }) ?? [] {
                if let id = row["tradeId"]?.string, !id.isEmpty { bookedTrades.insert(id) }
            }
        case "/v5/market/risk-limit": margin(rows?[0], query)
        case "/v5/spread/instrument":
            for row in rows?.elements.map({ $0 }) ?? [] {
                guard let type = row["contractType"]?.string, combinations[type] == nil else {
                    continue
                }
                let legs =
                    row["legs"]?.elements.map {
                        "\($0["contractType"]?.string ?? "") \($0["symbol"]?.string ?? "")"
                    } ?? []
                combinations[type] =
                    "\(row["symbol"]?.string ?? "") = \(legs.joined(separator: ", then "))"
            }
        default: break
        }
    }

    /// Whether the margin is a fraction or percent: it is about one through the leverage.
    private mutating func margin(_ row: JSONValue?, _ query: String) {
        guard let row, let leverage = number(row["maxLeverage"]), leverage > 0,
            let margin = number(row["initialMargin"])
        else { return }
        // Both in 10⁻⁴: a fraction times the leverage is about 1.
        let product = margin * leverage / 10_000
        let category = query.contains("category=inverse") ? "inverse" : "linear"
        margins.insert("\(category): \(product > 300_000 ? "percent" : "a fraction")")
    }

    /// A decimal in units of 10⁻⁴, cut off.
    private func number(_ value: JSONValue?) -> Int64? {
        guard let value, value.isString || value.isNumber,
            let amount = try? Amount(text: value.raw)
        else { return nil }
        return Int64(clamping: amount.units / 100_000_000_000_000)
    }

    /// True where an environment or a key has no such thing, which the reference says of some.
    mutating func isAllowed(_ path: String, _ reply: Reply) -> Bool {
        guard [10_005, 10_024, 10_032].contains(reply.code) else { return false }
        let words = "\(path): \(reply.code) \(reply.message)"
        if !notOffered.contains(words) { notOffered.append(words) }
        return true
    }

    // MARK: - Open points

    struct Point {
        var topic: String
        var question: String
        /// `nil` where this recording does not tell.
        var answer: String?

        /// - Parameter answer: empty for none.
        init(_ topic: String, _ question: String, _ answer: String = "") {
            self.topic = topic
            self.question = question
            self.answer = answer.isEmpty ? nil : answer
        }
    }

    var points: [Point] { connectionPoints + privatePoints + otherPoints }

    private var connectionPoints: [Point] {
        let pong = spotPongHasID.map { $0 ? "it is repeated" : "it is not there" }
        return [
            Point("Connection", "close code and reason on idle or limit breach"),
            Point("Connection", "PING frames of the server"),
            Point("Connection", "permessage-deflate"),
            Point("Connection", "retMsg of a trade request before auth"),
            Point("Connection", "span of reqId's uniqueness"),
            Point(
                "Subscribe",
                "text for a topic that does not exist",
                ProbeFacts.list(wrongTopicWords)
            ),
            Point(
                "Subscribe",
                "unsubscribe's answer on option and spread",
                ProbeFacts.list(unsubscribeAnswers.sorted())
            ),
            Point("Subscribe", "answer to dcp topics", protectionAnswer),
            Point("Subscribe", "req_id in spot's pong", pong ?? ""),
            Point("Subscribe", "topic of pushes for categorised subscriptions"),
            Point("Book", "u goes on by one", bookAnswer ?? ""),
        ]
    }

    private var privatePoints: [Point] {
        var snapshot = ""
        var sequence = ""
        var coins = ""
        var identity = ""
        var booked = ""
        if hasOrdered { snapshot = "\(pushesBeforeOrder) rows before the first order" }
        if !pushedCoins.isEmpty, listedCoins > 0 {
            let counts = Set(pushedCoins).sorted().map { String($0) }.joined(separator: ", ")
            coins = "\(counts) of \(listedCoins) coins"
        }
        if !executions.isEmpty {
            sequence = "seen: " + orderOfTopics.prefix(16).joined(separator: ", ")
            let fast = executions.intersection(fastExecutions).count
            let open = executions.intersection(publicTrades).count
            identity = "of \(executions.count), fast has \(fast), public trades \(open)"
            if !bookedTrades.isEmpty {
                let known = executions.intersection(bookedTrades).count
                booked = "\(known) of \(executions.count) are in the log"
            }
        }
        return [
            Point("Private", "snapshot of orders and positions on subscribe", snapshot),
            Point("Private", "coins of a wallet push", coins),
            Point("Private", "order across topics", sequence),
            Point(
                "Private",
                "execId is that of execution.fast, and the public trade's i",
                identity
            ),
            Point("Private", "tradeId is the execId", booked),
            Point("P&L", "funding inside closedPnl, fees inside curRealisedPnl"),
            Point("P&L", "rounding, price of positionValue, close fee of cross margin"),
            Point(
                "Order states",
                "rejectReason of IOC, FOK and user cancels",
                ProbeFacts.list(reasons.sorted())
            ),
        ]
    }

    private var otherPoints: [Point] {
        let legs = combinations.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        let several =
            candles == 0
            ? "" : "\(emptyCandles) empty of \(candles), at most \(candlesMax) in a push"
        return [
            Point("REST", "string signed without a recv-window header"),
            Point("REST", "unit of risk-limit margins", ProbeFacts.list(margins.sorted())),
            Point("Spread", "symbols, and which leg is the first", ProbeFacts.list(legs)),
            Point("Spread", "prices of the legs"),
            Point("Kline", "empty candles, several in a push", several),
        ]
    }

    private static func list(_ texts: [String]) -> String { texts.joined(separator: "; ") }

    private var bookAnswer: String? {
        guard !deltas.isEmpty else { return nil }
        return deltas.sorted { $0.key < $1.key }.map { head, count in
            "\(head) \(count.next) of \(count.next + count.other)"
        }.joined(separator: ", ")
    }
}
