public import Bybit
import CCrypto
import Market

/// What passes the relay and must not be recorded: keys, signatures, tokens and cookies of bots.
///
/// A key is known from its first use on: by its alias in stream names, and blanked wherever it stands. Of fields that
/// hold secrets by their name the value is blanked whoever sends them. Blanking keeps lengths and writes `*`.
public struct BotSecrets: ~Copyable {
    /// Keys that have passed, with what must not be recorded of them: made once, since each request brings its key.
    private var known: [(key: [UInt8], fingerprint: String, secrets: PassingSecrets)] = []
    /// Aliases by fingerprint, in the order of first use.
    private var aliases: [(fingerprint: String, alias: String)] = []
    private var scanner = SecretScanner()
    private let reader = RequestReader()
    /// Of the session's own keys, when it has one, the last last: a bot that uses one has its alias.
    private var own: [(fingerprint: String, alias: String)] = []

    /// Keys that get an alias of their own; who tries more is nobody's bot.
    public static let aliasesMax = 64
    /// The alias of all keys beyond ``aliasesMax``.
    public static let others = "others"
    /// The account of a private socket whose bot has not said who it is.
    public static let anonymous = "anonymous"

    /// - Parameter own: the session's own signer and alias.
    public init(own: (signer: Signer, alias: String)? = nil) {
        if let own { renew(own.signer, alias: own.alias) }
    }

    /// The session signs with this key from now on; what was said of the one before still holds.
    public mutating func renew(_ signer: Signer, alias: String) {
        scanner.watch(signer)
        if !own.contains(where: { $0.fingerprint == signer.fingerprint }) {
            own.append((signer.fingerprint, alias))
        }
    }

    /// How many different keys have been seen.
    public var keys: Int { aliases.count }

    /// First eight hex digits of the key's SHA-256.
    static func fingerprint(of key: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = SHA256(key, key.count, &digest)
        return String(decoding: TextCoding.hex(digest.prefix(4)), as: UTF8.self)
    }

    /// The alias of a key: `k` and its fingerprint.
    private mutating func alias(of key: [UInt8], _ fingerprint: String) -> String {
        if let known = own.first(where: { $0.fingerprint == fingerprint }) { return known.alias }
        if let known = aliases.first(where: { $0.fingerprint == fingerprint }) {
            return known.alias
        }
        guard aliases.count < BotSecrets.aliasesMax else { return BotSecrets.others }
        let alias = "k" + fingerprint
        aliases.append((fingerprint, alias))
        scanner.watch(passing: key, isLasting: true)
        return alias
    }

    // MARK: Sockets

    /// A frame of a bot as it is recorded.
    public struct Frame {
        public var bytes: [UInt8]
        /// The key's alias where the frame is an authentication.
        public var account: String?
        /// Its `op`; empty where it has none.
        public var operation = ""
        public var requestID = RequestID.none
    }

    /// An authentication becomes a typed record, without key and signature; of all else secrets are blanked.
    public mutating func frame(_ bytes: UnsafeRawBufferPointer) -> Frame {
        let read: ClientFrame
        do throws(RequestError) {
            read = try reader.frame(bytes)
        } catch {
            return unreadable(bytes)
        }
        guard case .auth(let key, let expires, let signature) = read.request else {
            // `login`, `Auth`: what the exchange does not know may be an authentication all the same.
            if case .other(let operation) = read.request, !BotSecrets.isSpoken(operation) {
                return unreadable(bytes)
            }
            var frame = Frame(bytes: Array(bytes))
            frame.operation = read.request.operation
            frame.requestID = read.requestID
            blankFields(&frame.bytes, isReply: false)
            blankKnown(&frame.bytes)
            return frame
        }
        let fingerprint = BotSecrets.fingerprint(of: Array(key.utf8))
        let account = alias(of: Array(key.utf8), fingerprint)
        for form in BotSecrets.texts(of: Array(signature.utf8)) {
            scanner.watch(passing: form, isLasting: false)
        }
        var writer = JSONWriter()
        writer.object { json in
            json.field("op", "auth")
            switch read.requestID {
            case .none: break
            case .text(let text), .number(let text): json.field("req_id", text)
            }
            json.field("expires", expires)
            json.field("key", fingerprint)
        }
        var frame = Frame(bytes: writer.bytes, account: account)
        frame.operation = "auth"
        frame.requestID = read.requestID
        blankKnown(&frame.bytes)
        return frame
    }

    /// An operation of the trade socket, whose arguments are orders; or the answer to a ping.
    private static func isSpoken(_ operation: String) -> Bool {
        operation == "pong" || operation.hasPrefix("order.") || operation.hasPrefix("spread.")
    }

    /// No frame of Bybit's protocol: whatever in it could be a key or a signature is blanked.
    private mutating func unreadable(_ bytes: UnsafeRawBufferPointer) -> Frame {
        var frame = Frame(bytes: Array(bytes))
        var scan = FlatJSON(bytes)
        if scan.enterObject() {
            while let key = scan.nextKey() {
                if key == "op" { frame.operation = scan.text() } else { scan.skip() }
            }
        }
        BotSecrets.blankRuns(&frame.bytes)
        blankFields(&frame.bytes, isReply: false)
        blankKnown(&frame.bytes)
        return frame
    }

    /// What the exchange sent, as it is recorded; `nil` where nothing has to be blanked.
    public mutating func reply(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard !scanner.isIdle, scanner.finds(in: bytes) else { return nil }
        var clean = Array(bytes)
        _ = scanner.blank(&clean)
        return clean
    }

    /// A text of either side, such as the reason of a close frame, as it is recorded and logged.
    public mutating func blank(_ text: inout String) { _ = scanner.blank(&text) }

    private mutating func blankKnown(_ bytes: inout [UInt8]) {
        if !scanner.isIdle { _ = scanner.blank(&bytes) }
    }

    // MARK: REST

    /// Takes key, signature, cookies and tokens out of the headers of a request, and gives it its account.
    mutating func identify(
        _ exchange: inout RelayExchange,
        headers: some Sequence<(name: String, value: String)>
    ) {
        for (name, value) in headers {
            let lowered = name.lowercased()
            let bytes = Array(value.utf8)
            switch lowered {
            case "x-bapi-api-key":
                let (fingerprint, secrets) = knowledge(of: bytes)
                exchange.fingerprint = fingerprint
                exchange.account = alias(of: bytes, fingerprint)
                exchange.secrets.add(secrets)
            case "x-bapi-timestamp": exchange.timestamp = BotSecrets.digits(value)
            case "x-bapi-recv-window": exchange.window = BotSecrets.digits(value)
            default: exchange.secrets.add(BotSecrets.secrets(ofHeader: lowered, bytes))
            }
        }
    }

    private mutating func knowledge(of key: [UInt8]) -> (String, PassingSecrets) {
        if let one = known.first(where: { $0.key == key }) { return (one.fingerprint, one.secrets) }
        let fingerprint = BotSecrets.fingerprint(of: key)
        var secrets = PassingSecrets()
        secrets.add(BotSecrets.texts(of: key))
        if known.count < BotSecrets.aliasesMax { known.append((key, fingerprint, secrets)) }
        return (fingerprint, secrets)
    }

    /// The same for the headers of an answer.
    func hide(
        headers: some Sequence<(name: String, value: String)>,
        of exchange: inout RelayExchange
    ) {
        for (name, value) in headers {
            exchange.secrets.add(BotSecrets.secrets(ofHeader: name.lowercased(), Array(value.utf8)))
        }
    }

    /// The payload of an exchange's record: nothing secret is in it.
    public mutating func record(of exchange: RelayExchange) -> [UInt8] {
        payload(exchange) { $0.line + $0.body + $0.reply }
    }

    /// What is recorded of a request that may change something, before it leaves: a line, and its body.
    public mutating func sentRecord(of exchange: RelayExchange) -> [UInt8] {
        payload(exchange) { $0.sentLine + $0.body }
    }

    private mutating func payload(
        _ exchange: RelayExchange,
        _ join: (RelayExchange) -> [UInt8]
    ) -> [UInt8] {
        var clean = exchange
        if !exchange.query.isEmpty {
            var query = Array(exchange.query.utf8)
            BotSecrets.blankQuery(&query)
            clean.query = String(decoding: query, as: UTF8.self)
        }
        blankFields(&clean.body, isReply: false)
        if !exchange.path.hasPrefix("/v5/market/") { blankFields(&clean.reply, isReply: true) }
        var payload = join(clean)
        exchange.secrets.blank(&payload)
        blankKnown(&payload)
        return payload
    }

    /// The path as it may stand in a stream's name, or `nil`.
    public mutating func plainPath(of exchange: RelayExchange) -> String? {
        let path = exchange.path
        guard path.utf8.count <= 96, path.hasPrefix("/v5/"),
            path.utf8.allSatisfy({ BotSecrets.isWord($0) || $0 == UInt8(ascii: "/") })
        else { return nil }
        var bytes = Array(path.utf8)
        BotSecrets.blankRuns(&bytes, shortest: 32)
        blankKnown(&bytes)
        return bytes.contains(UInt8(ascii: "*")) ? nil : path
    }

    // MARK: What a secret looks like

    /// Shorter values are words, not secrets.
    private static let shortest = 8

    private static func secrets(ofHeader name: String, _ value: [UInt8]) -> [[UInt8]] {
        guard name != "sec-websocket-key", isSecretive(name: Array(name.utf8)) else { return [] }
        // `a=1; b=2`, `Bearer xyz`: each part may be said alone. Behind the first pair of an answer's cookie stand words.
        var parts = value.split { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == UInt8(ascii: ",") }
            .map { part in
                part.firstIndex(of: UInt8(ascii: "=")).map { Array(part[($0 + 1)...]) }
                    ?? Array(part)
            }
        if name == "set-cookie" { parts = Array(parts.prefix(1)) }
        // A signature is one part: itself.
        if parts == [value] { parts = [] }
        return ([value] + parts).filter { isSecretive($0) }.flatMap { texts(of: $0) }
    }

    private static let words = ["cookie", "auth", "token", "secret", "sign", "key", "session"]
        .map { Array($0.utf8) }

    /// Whether a header's name holds one of the words: byte by byte, for every header of every request comes here.
    private static func isSecretive(name: [UInt8]) -> Bool {
        for start in name.indices {
            for word in words
            where name[start] == word[0] && name.count - start >= word.count
                && name[start..<(start + word.count)].elementsEqual(word)
            {
                return true
            }
        }
        return false
    }

    /// A short number stands in many texts and is no secret.
    private static func isSecretive(_ value: [UInt8]) -> Bool {
        let isNumber = value.allSatisfy { (0x30...0x39).contains($0) }
        return value.count >= (isNumber ? 12 : shortest)
    }

    /// A text as it may stand in JSON and in a URL.
    static func texts(of bytes: [UInt8]) -> [[UInt8]] {
        guard bytes.count >= shortest else { return [] }
        if bytes.allSatisfy({ isWord($0) && !isMark($0) }) { return [bytes] }
        var escaped: [UInt8] = []
        for byte in bytes {
            if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            {
                escaped.append(UInt8(ascii: "\\"))
            }
            escaped.append(byte)
        }
        // Libraries do not agree on which signs a URL can bear.
        let forms = [
            bytes, escaped, percentEncoded(bytes, isWord),
            percentEncoded(bytes) { isWord($0) && !isMark($0) },
        ]
        return forms.indices.filter { !forms[..<$0].contains(forms[$0]) }.map { forms[$0] }
    }

    private static func percentEncoded(_ bytes: [UInt8], _ isKept: (UInt8) -> Bool) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return bytes.flatMap { byte in
            isKept(byte)
                ? [byte]
                : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }

    private static func isMark(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"): true
        default: false
        }
    }

    static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func digits(_ text: String) -> String {
        text.utf8.count <= 20 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? text : "?"
    }

    /// Runs of letters, digits and Base64's signs from `shortest` bytes on.
    static func blankRuns(_ bytes: inout [UInt8], shortest: Int = 16) {
        var start = 0
        for end in 0...bytes.count {
            if end < bytes.count {
                let byte = bytes[end]
                let isPart =
                    (isWord(byte) && byte != UInt8(ascii: ".") && byte != UInt8(ascii: "~"))
                    || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "=")
                if isPart { continue }
            }
            if end - start >= shortest {
                for index in start..<end { bytes[index] = UInt8(ascii: "*") }
            }
            start = end + 1
        }
    }

    /// Values of `name=value` whose name says that they are secret.
    static func blankQuery(_ query: inout [UInt8]) {
        var start = 0
        while start < query.count {
            let end = query[start...].firstIndex(of: UInt8(ascii: "&")) ?? query.count
            if let equals = query[start..<end].firstIndex(of: UInt8(ascii: "=")),
                SecretFields.isSecret(query[start..<equals], isReply: false)
            {
                for index in (equals + 1)..<end { query[index] = UInt8(ascii: "*") }
            }
            start = end + 1
        }
    }

    private func blankFields(_ bytes: inout [UInt8], isReply: Bool) {
        SecretFields.blank(&bytes, isReply: isReply)
    }
}
