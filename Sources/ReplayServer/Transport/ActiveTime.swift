import NIOCore

/// How long a socket may be silent before the server ends it: neither a frame of the client nor one for it.
///
/// The server looks every 30 seconds, so that the end comes up to 30 seconds late. It goes by the machine's clock at every
/// pace of the market, as the pings of clients do.
///
/// - Source: bybit-v5 §2.2.
enum ActiveTime {
    static let usual = TimeAmount.minutes(10)
    static let sweep = TimeAmount.seconds(30)

    private static let seconds: ClosedRange<Int64> = 30...600

    /// What the handshake asks for: `max_active_time=45s` or `2m`, on private and trade paths alone.
    ///
    /// What cannot be read or is out of range is as if it were not there.
    static func of(_ path: SocketPath, query: String) -> TimeAmount {
        guard path == .privateData || path == .trade else { return usual }
        let text = QueryItems(query)["max_active_time"]
        let unit: Int64
        switch text.last {
        case "s": unit = 1
        case "m": unit = 60
        default: return usual
        }
        let digits = text.dropLast()
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let count = Int64(digits), count <= seconds.upperBound,
            seconds.contains(count * unit)
        else { return usual }
        return .seconds(count * unit)
    }

    /// The first sweep after a moment.
    static func nextSweep(after now: NIODeadline) -> NIODeadline {
        let interval = UInt64(sweep.nanoseconds)
        return .uptimeNanoseconds((now.uptimeNanoseconds / interval + 1) * interval)
    }
}
