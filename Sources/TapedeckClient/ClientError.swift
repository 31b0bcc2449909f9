/// Why something could not be done, in words for the person who reads them.
///
/// No key, secret or signature stands in any of them: what the exchange quotes is blanked before it is decoded.
public enum ClientError: Error, Hashable, Sendable {
    /// The client cannot be set up: a key of another environment, a certificate that cannot be read.
    case gateway(GatewayError)
    /// Private topics, account questions and orders need a key.
    case noCredentials(what: String)
    /// Orders cost money there, and ``ClientConfiguration/ordersCostMoney`` was not set; nothing was sent.
    case ordersRefused(destination: String)
    /// Text that is no topic, symbol or the like.
    case unfit(String)
    /// Something that this protocol does not have there, such as single orders of combinations.
    case notOffered(String)
    /// A batch of more orders than ``ClientConfiguration/quotaShare`` has in a second; nothing was sent.
    ///
    /// - Parameter most: orders that a batch may have there; of an account with another quota another number.
    case batchTooLarge(path: String, orders: Int, most: Int)

    // A subscription ends.

    /// The exchange does not know the topic, or does not give it.
    case topicRefused(topic: String, reason: String)
    /// No connection has room for the topic.
    case noRoom(topic: String)
    /// The exchange does not take the key.
    case authenticationRefused(reason: String)

    // A question ends.

    /// It has certainly not left.
    case notSent(path: String, reason: String)
    /// No answer came, or none that says anything; a question was asked several times.
    case noAnswer(path: String, reason: String)
    /// The exchange's `retCode` and `retMsg`.
    case refused(path: String, code: Int64, message: String)
    /// An answer without `retCode`, by its HTTP status.
    case http(path: String, status: Int)
    /// An answer that is not what its path promises.
    case unreadable(path: String, findings: [DecodeFinding])
    /// A request that changes something and may have been carried out all the same: look before asking again.
    case unknown(path: String, reason: String)
}

extension ClientError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .gateway(let error): error.description
        case .noCredentials(let what): "\(what) needs a key: set credentials in the configuration"
        case .ordersRefused(let destination):
            "orders are not sent to \(destination), where they cost money. "
                + "Set ordersCostMoney in the configuration to allow it"
        case .unfit(let why): why
        case .notOffered(let what): what
        case .batchTooLarge(let path, let orders, let most):
            "\(path) with \(orders) orders was not sent: the share of the quota has \(most) in a second. "
                + "Send at most \(most) at once, or set a larger quotaShare in the configuration"
        case .topicRefused(let topic, let reason):
            "the exchange refused the subscription of \(topic): \(reason)"
        case .noRoom(let topic): "no connection has room for \(topic)"
        case .authenticationRefused(let reason): "the exchange does not take the key: \(reason)"
        case .notSent(let path, let reason): "\(path) was not sent: \(reason)"
        case .noAnswer(let path, let reason): "\(path) got no answer: \(reason)"
        case .refused(let path, let code, let message): "\(path) was refused: \(code) \(message)"
        case .http(let path, let status): "\(path) was answered with HTTP \(status)"
        case .unreadable(let path, let findings):
            "the answer of \(path) cannot be read: "
                + findings.prefix(3).map(\.description).joined(separator: "; ")
        case .unknown(let path, let reason):
            "\(path) may have been carried out, or not (\(reason)): look before asking again"
        }
    }
}
