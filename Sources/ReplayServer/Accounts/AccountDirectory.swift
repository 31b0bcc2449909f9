import Bybit
import NIOHTTP1

/// The keys that the server knows, and the judgement of what was signed with them.
struct AccountDirectory {
    /// One key: its place in ``AccountDirectory/entries`` is what sockets and requests remember of it.
    struct Entry {
        var alias: String
        var key: String
        fileprivate var secret: [UInt8]
        fileprivate var publicKey: PublicKey?

        func matches(_ signature: String, _ text: [UInt8]) -> Bool {
            if let publicKey { return publicKey.matches(signature, text) }
            return Signature.matches(signature, text, secret: secret)
        }
    }

    let entries: [Entry]
    private let places: [String: Int]

    init(_ accounts: [ServerAccount]) throws(ServerError) {
        var places: [String: Int] = [:]
        for (place, account) in accounts.enumerated() {
            guard !account.key.isEmpty, places.updateValue(place, forKey: account.key) == nil else {
                throw .account(alias: account.alias, reason: "its key is empty or used twice")
            }
        }
        self.places = places
        entries = try accounts.map { (account) throws(ServerError) in
            var entry = Entry(alias: account.alias, key: account.key, secret: account.secret)
            if let pem = account.publicKey {
                entry.publicKey = PublicKey(pem: pem)
                guard entry.publicKey != nil else {
                    throw .account(
                        alias: account.alias,
                        reason: "its public key is no RSA key in PEM"
                    )
                }
            } else if account.secret.isEmpty {
                throw .account(alias: account.alias, reason: "its secret is empty")
            }
            return entry
        }
    }

    func place(ofKey key: String) -> Int? { places[key] }

    /// A login of a private or trade WebSocket: `GET/realtime` and `expires` signed, `expires` still ahead.
    ///
    /// - Parameter expires: Unix milliseconds; clients send a JSON number or a string.
    /// - Returns: the account's place.
    /// - Throws: the code of the trade socket; the private one answers `Params Error` to all of them.
    func login(
        key: String,
        expires: Int64,
        signature: String,
        nowMilliseconds: Int64
    ) throws(Refusal) -> Int {
        guard let place = places[key] else {
            throw Refusal(code: 10_003, message: "API key is invalid.")
        }
        guard expires > nowMilliseconds else {
            throw Refusal(code: 10_001, message: "Params Error")
        }
        guard entries[place].matches(signature, SocketRequest.textToSign(expires: expires)) else {
            throw Refusal(code: 10_004, message: "Error sign, please check your signature.")
        }
        return place
    }

    /// What is wrong with a signed request, as `retCode` and `retMsg`.
    struct Refusal: Error {
        var code: Int
        var message: String
    }

    /// Judges one signed REST request over its raw bytes.
    ///
    /// - Parameter payload: the query as it stood on the wire, or the body.
    /// - Returns: the account's place.
    func authorize(
        _ request: HTTPRequest,
        payload: [UInt8],
        nowMilliseconds now: Int64
    ) throws(Refusal) -> Int {
        func header(_ name: String) -> String { request.headers.first(name: name) ?? "" }
        let key = header("X-BAPI-API-KEY")
        let sent = header("X-BAPI-TIMESTAMP")
        let given = header("X-BAPI-RECV-WINDOW")
        let window = given.isEmpty ? 5_000 : Int64(given)
        guard let timestamp = Int64(sent), let window, (1...60_000).contains(window) else {
            throw Refusal(code: 10_001, message: "params error: timestamp or recv_window")
        }
        guard let place = places[key] else {
            throw Refusal(code: 10_003, message: "API key is invalid.")
        }
        try AccountDirectory.check(timestamp: timestamp, window: window, nowMilliseconds: now)
        let text = Array((sent + key + given).utf8) + payload
        guard entries[place].matches(header("X-BAPI-SIGN"), text) else {
            let origin = String(decoding: text, as: UTF8.self)
            throw Refusal(code: 10_004, message: "error sign! origin_string[\(origin)]")
        }
        return place
    }

    /// A request's time must lie within the receive window, or less than a second ahead.
    static func check(
        timestamp: Int64,
        window: Int64,
        nowMilliseconds now: Int64
    ) throws(Refusal) {
        guard now - window <= timestamp, timestamp < now + 1_000 else {
            throw Refusal(
                code: 10_002,
                message: "invalid request, please check your server timestamp or recv_window param."
                    + " req_timestamp[\(timestamp)],server_timestamp[\(now)],recv_window[\(window)]"
            )
        }
    }
}
