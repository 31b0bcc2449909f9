public import Market

/// The client order ids of a session: a function of session, strategy, cause and ordinal.
///
/// `td`, 13 characters for session and strategy, `-`, the cause, `-`, the ordinal, in base 36: at most 34 of
/// `[a-z0-9-]`. A replay makes the same ones; two sessions of an account differ in the first 15 characters unless their
/// names collide in 64 bits.
public enum ClientOrderID {
    public static func make(
        session: String,
        strategy: String,
        cause: SequenceNumber,
        ordinal: Int
    ) -> String {
        make(prefix: prefix(session: session, strategy: strategy), cause: cause, ordinal: ordinal)
    }

    /// What all ids of a strategy in a session begin with.
    public static func prefix(session: String, strategy: String) -> String {
        var bytes = Array(session.utf8)
        bytes.append(0)
        bytes.append(contentsOf: strategy.utf8)
        let hash = bytes.withUnsafeBytes { Mix.hash($0) }
        let digits = String(hash, radix: 36)
        return "td" + String(repeating: "0", count: 13 - digits.utf8.count) + digits
    }

    static func make(prefix: String, cause: SequenceNumber, ordinal: Int) -> String {
        prefix + "-" + String(cause.value, radix: 36) + "-" + String(ordinal, radix: 36)
    }
}
