import Market
import Trading

/// Ids and the ids that stand for them, one to one: by chance, of the same length and the same kinds of characters.
struct Pseudonyms {
    private var made: [String: String] = [:]
    private var used: Set<String> = []
    /// Beginnings of client order ids that this program made, and what their sessions' new names make of them.
    private var prefixes: [(old: String, new: String)] = []
    /// New names of sessions.
    private var sessions: [String: String] = [:]
    private var generator = SystemRandomNumberGenerator()

    var count: Int { made.count }

    /// Names under which the exchange says ids; it writes them in more than one way.
    static let names: Set<String> = [
        // Orders.
        "orderId", "orderLinkId", "origOrderId", "origOrderLinkId", "parentOrderId",
        "parentOrderLinkId", "comboOrderId", "leg1OrderId", "leg2OrderId", "bustOrderId",
        "smpOrderId", "strategyId", "quoteId", "rfqId",
        // Fills and flows.
        "execId", "parentExecId", "execLinkId", "tradeId", "blockTradeId", "id", "transId",
        "transferId", "txID", "withdrawId",
        // Connections and requests.
        "connId", "conn_id", "traceId", "Traceid", "traceid", "req_id", "reqId",
        // Accounts and keys.
        "uid", "userId", "user_id", "userID", "userIDInt64", "parentUid", "masterUid",
        "affiliateID", "affiliateIDInt64", "inviterID", "inviterIDInt64", "subMemberId",
        "memberId", "key", "apiKey",
    ]

    /// Names under which the desk says ids; a finding's subject may be something else, which is no known id then.
    static let deskNames: Set<String> = ["order_link_id", "order_id", "subject"]

    /// Names of a finding's texts: an id may be all that one says, and so may a figure.
    static let texts: Set<String> = ["expected", "seen", "note"]
    static let findingNames = deskNames.union(texts)

    /// Names of values that say whose it is and are no ids: their letters and digits become zeros.
    static let blanked: Set<String> = ["ips", "rsaPublicKey"]

    /// A session gets another name, from which the engine makes other order ids.
    mutating func add(_ start: SessionStart) {
        let old = start.session
        let new = session(old)
        let suffix = start.run > 1 ? "-\(start.run)" : ""
        for strategy in start.strategies.map(\.name) {
            let before = ClientOrderID.prefix(session: old + suffix, strategy: strategy)
            guard !prefixes.contains(where: { $0.old == before }) else { continue }
            prefixes.append(
                (before, ClientOrderID.prefix(session: new + suffix, strategy: strategy))
            )
        }
    }

    /// The new name of a session, or of a recording, whose id is its session's; one that is unknown gets one.
    mutating func session(_ id: String) -> String {
        if let known = sessions[id] { return known }
        let new = "p" + hexadecimal(12)
        sessions[id] = new
        return new
    }

    /// Takes up an id; an id that is known keeps what stands for it.
    mutating func add(_ id: String) {
        guard !id.isEmpty, made[id] == nil, !id.allSatisfy({ $0 == "0" || $0 == "-" }) else {
            return
        }
        if let prefix = prefixes.first(where: { id.hasPrefix($0.old) }) {
            let new = prefix.new + id.dropFirst(prefix.old.count)
            made[id] = new
            used.insert(new)
            return
        }
        for _ in 0..<1_000 {
            let candidate = alike(id)
            guard candidate != id, made[candidate] == nil, !used.contains(candidate) else {
                continue
            }
            made[id] = candidate
            used.insert(candidate)
            return
        }
        // So short that all of its kind are taken; what may be a number stays one.
        let candidate = Self.isNumber(id) ? alike("1000000000000000") : "p" + hexadecimal(16)
        made[id] = candidate
        used.insert(candidate)
    }

    /// An alias of a key, as it stands in the names of streams: `k` and the key's fingerprint.
    mutating func add(fingerprint: String) {
        add(fingerprint)
        guard let new = made[fingerprint] else { return }
        made["k" + fingerprint] = "k" + new
        used.insert("k" + new)
    }

    /// What stands for a word that is all of a value under a name that means an id; a number in a text stays.
    func whole(_ word: String, named name: String) -> String? {
        Self.texts.contains(name) && Self.isNumber(word) ? nil : made[word]
    }

    private static func isNumber(_ word: String) -> Bool {
        word.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// What stands for a word wherever it is: one that is too long and too mixed to be anything but that id.
    func anywhere(_ word: String) -> String? {
        guard word.utf8.count >= 8, let new = made[word] else { return nil }
        let digits = word.utf8.count { (0x30...0x39).contains($0) }
        // A number of fewer digits may be an amount, and a word without any a word.
        if digits == word.utf8.count { return digits >= 15 ? new : nil }
        return digits > 0 ? new : nil
    }

    /// Whether a payload is another one with what stands for its ids, wherever they are and however short.
    func isCopy(_ new: UnsafeRawBufferPointer, of old: UnsafeRawBufferPointer) -> Bool {
        let new = PayloadTokens.parts(of: new)
        let old = PayloadTokens.parts(of: old)
        return new.count == old.count
            && zip(new, old).allSatisfy { new, old in
                new == made[old] || (new == old && anywhere(old) == nil)
            }
    }

    /// What stands for a word under a name that is blanked: as long, so that the bodies' lengths stay true.
    static func zeros(_ word: String) -> [UInt8] {
        word.utf8.map { byte in
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") ? byte : UInt8(ascii: "0")
        }
    }

    private mutating func hexadecimal(_ count: Int) -> String {
        String((0..<count).map { _ in Self.character(in: "0123456789abcdef", &generator) })
    }

    private static func character(
        in alphabet: String,
        _ generator: inout SystemRandomNumberGenerator
    ) -> Character {
        alphabet.randomElement(using: &generator) ?? "0"
    }

    private mutating func alike(_ id: String) -> String {
        let isHexadecimal = id.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || $0 == UInt8(ascii: "-")
        }
        var isFirst = true
        return String(
            id.map { character -> Character in
                defer { isFirst = false }
                switch character {
                // A number keeps its length.
                case "0"..."9":
                    return isFirst && character != "0"
                        ? Self.character(in: "123456789", &generator)
                        : Self.character(in: "0123456789", &generator)
                case "a"..."z":
                    return Self.character(
                        in: isHexadecimal ? "abcdef" : "abcdefghijklmnopqrstuvwxyz",
                        &generator
                    )
                case "A"..."Z":
                    return Self.character(in: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", &generator)
                default: return character
                }
            }
        )
    }
}
