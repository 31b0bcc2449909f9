import Glibc
import Market

/// What the command line asks for.
struct Settings: Sendable {
    var minutes = 60
    var hours = 50
    /// Virtual minutes after midnight at which the run begins.
    var startMinute = 23 * 60
    var seed: UInt64 = 1
    /// Bytes that the row may take; `nil`: 1 MiB a minute.
    var budget: UInt64?
    var warmUp: Int?
    var keep = "/tmp/tapedeck-soak"
    var program: String
    /// What is recorded: thirty messages a second of the exchange's own time.
    var topics = [
        "linear:orderbook.200.BTCUSDT", "linear:publicTrade.*USDT", "linear:tickers.BTCUSDT",
        "linear:kline.1.BTCUSDT", "spot:publicTrade.BTCUSDT", "inverse:kline.1.BTCUSD",
        "option:tickers.BTC-*-C within:1d", "option:publicTrade.BTC-*", "spread:publicTrade.*",
    ]
    /// The port of the exchange's child, its start and its journal: for the child alone.
    var start = Timestamp.zero
    var journal = ""

    /// Two keys of one account of the exchange in a box.
    static let keys = [
        ("SOAKKEYONE", "SOAKSECRETONE0123456789abcdef0123456"),
        ("SOAKKEYTWO", "SOAKSECRETTWO0123456789abcdef0123456"),
    ]

    init(_ arguments: [String]) throws(Usage) {
        program = Settings.neighbour("tapedeck")
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Usage("\(word) wants a value") }
            func number(_ range: ClosedRange<Int>) throws(Usage) -> Int {
                guard let number = Int(value), range.contains(number) else {
                    throw Usage("\(word) wants \(range.lowerBound) to \(range.upperBound)")
                }
                return number
            }
            switch word {
            case "--minutes": minutes = try number(1...10_000)
            case "--hours": hours = try number(1...10_000)
            case "--seed": seed = UInt64(try number(0...Int.max))
            case "--budget": budget = UInt64(try number(1...1_000_000)) << 20
            case "--warm-up": warmUp = try number(0...10_000)
            case "--keep": keep = value
            case "--public": topics = value.split(separator: ",").map(String.init)
            case "--program": program = value
            case "--at": start = Timestamp(nanoseconds: Int64(try number(0...Int.max)))
            case "--journal": journal = value
            case "--start":
                let parts = value.split(separator: ":").compactMap { Int($0) }
                guard parts.count == 2, (0..<24).contains(parts[0]), (0..<60).contains(parts[1])
                else { throw Usage("--start wants HH:MM") }
                startMinute = parts[0] * 60 + parts[1]
            default: throw Usage("there is no option \(word)")
            }
        }
    }

    /// Virtual seconds a second.
    var factor: Int64 { max(1, Int64(hours) * 60 / Int64(minutes)) }
    var seconds: Int { minutes * 60 }
    /// Of the run, left out of the slopes.
    ///
    /// What a recording keeps of itself, and the account's last day, grow for a day and are let go at its end: only behind a
    /// virtual day would anything that grows be a leak. Runs that are hardly longer have a sixth.
    var warmUpSeconds: Int {
        if let warmUp { return warmUp * 60 }
        return hours >= 36 ? minutes * 60 * 24 / hours : minutes * 10
    }

    static func neighbour(_ name: String) -> String {
        let own = CommandLine.arguments.first ?? ""
        guard let slash = own.lastIndex(of: "/") else { return name }
        return own[...slash] + name
    }
}
