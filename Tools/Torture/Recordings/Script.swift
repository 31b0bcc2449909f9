import Journal
import Market

/// What is recorded: each record is a function of its number, its run and the seed, so that a record that was
/// never written, or stands in another's place, is known by its bytes.
struct Script: Sendable {
    var seed: UInt64

    static let streams = [
        "public/linear/orderbook.50.BTCUSDT", "public/linear/publicTrade.ETHUSDT",
        "private/main/order", "desk/command",
    ]

    func stream(_ number: UInt64) -> Int {
        Int(Mix.combine(seed, number) % UInt64(Script.streams.count))
    }

    func time(_ number: UInt64) -> Timestamp {
        Timestamp(nanoseconds: 1_780_000_000_000_000_000 + Int64(number) * 1_000_000)
    }

    /// The stream of private data or of commands that takes the place of this one.
    static func secluded(_ stream: Int) -> Int { 2 + stream % 2 }

    func payload(_ number: UInt64, run: Int, stream: Int) -> [UInt8] {
        var state = Mix.combine(Mix.combine(seed, number), UInt64(run * 8 + stream))
        var bytes = Array("{\"n\":\(number),\"r\":\(run),\"f\":\"".utf8)
        let length = Int(state % 97)
        for _ in 0..<length {
            state = Mix.spread(state)
            bytes.append(UInt8(0x61 + state % 26))
        }
        return bytes + [0x22, 0x7d]
    }

    func start(run: Int) -> [UInt8] { Array("{\"seed\":\(seed),\"run\":\(run)}".utf8) }
}

/// Follows a recording from its first record and says what does not belong.
struct Reading {
    let script: Script
    /// The last number read.
    private(set) var last: UInt64 = 0
    private(set) var run = 0
    /// The first number of each run.
    private(set) var starts: [UInt64] = []

    init(_ script: Script) { self.script = script }

    /// What is wrong with the next record; `nil` when it is the one that was written.
    mutating func take(
        _ number: UInt64,
        _ time: Timestamp,
        _ stream: String,
        _ payload: UnsafeRawBufferPointer
    ) -> String? {
        guard number == last + 1 else { return "record \(number) follows \(last)" }
        last = number
        switch stream {
        case "session/start":
            // A run that was cut before its first record is one that nobody sees.
            for later in (run + 1)...(run + 64)
            where payload.elementsEqual(script.start(run: later)) {
                run = later
                starts.append(number)
                return nil
            }
            return "record \(number) is no start of a run behind \(run)"
        case "session/channel":
            return Script.known.contains { payload.contains($0) }
                ? nil : "record \(number) announces what was never recorded"
        default:
            guard run > 0 else { return "record \(number) stands before the start" }
            guard let place = Script.streams.firstIndex(of: stream) else {
                return "record \(number) is on stream \(stream)"
            }
            guard payload.elementsEqual(script.payload(number, run: run, stream: place)) else {
                return "record \(number) of run \(run) has another payload:"
                    + " \(String(decoding: payload.prefix(80), as: UTF8.self))"
            }
            guard time == script.time(number) else { return "record \(number) has another time" }
            return nil
        }
    }
}

extension Script {
    fileprivate static let known =
        (streams + ["session/start", "session/channel", "session/commit"])
        .map { Array($0.utf8) }
}

extension UnsafeRawBufferPointer {
    fileprivate func contains(_ needle: [UInt8]) -> Bool {
        guard count >= needle.count else { return false }
        return (0...(count - needle.count)).contains { start in
            needle.indices.allSatisfy { self[start + $0] == needle[$0] }
        }
    }
}
