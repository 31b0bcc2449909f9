import Market

/// Manners by seed: what befalls the n-th push of the m-th socket, or the n-th request, is a function of the seed
/// and these numbers alone.
///
/// So the same clients that ask the same get the same treatment, however fast the machine is.
struct Chaos {
    let seed: UInt64

    /// A manner with its figures.
    struct Decision: Equatable {
        var manner: Manner
        var milliseconds = 0
        var status = 502
        var pushes = 1
    }

    /// - Parameters:
    ///   - kind: what the push is, which bounds what may be done to it.
    ///   - push: the socket's pushes so far, this one included.
    func push(_ kind: PushKind, client: UInt64, push: Int) -> Decision? {
        var draw = Draw(seed, 1, client, UInt64(push))
        switch draw.below(24_000) {
        case 0..<60: return Decision(manner: .latency, milliseconds: 20 + draw.upTo(380))
        case 60..<140 where kind.mayComeTwice: return Decision(manner: .duplicate)
        case 140..<260: return Decision(manner: .reorder)
        case 260..<300 where kind.mayBeMissed:
            return Decision(manner: .gap, pushes: 1 + draw.upTo(2))
        case 300..<330 where kind == .book: return Decision(manner: .snapshot)
        case 330..<334 where kind == .book: return Decision(manner: .restart)
        case 334..<342: return Decision(manner: .disconnect)
        case 342..<343: return Decision(manner: .halfOpen)
        default: return nil
        }
    }

    /// - Parameter number: requests so far, this one included.
    func request(isOrder: Bool, number: Int) -> Decision? {
        var draw = Draw(seed, 2, UInt64(number), 0)
        switch draw.below(4_000) {
        case 0..<160: return Decision(manner: .latency, milliseconds: 5 + draw.upTo(245))
        case 160..<190: return Decision(manner: .lateAnswer, milliseconds: 50 + draw.upTo(950))
        case 190..<210: return Decision(manner: .rateLimit, milliseconds: 100 + draw.upTo(900))
        case 210..<220:
            return Decision(manner: .serverError, status: [500, 502, 503, 504][draw.upTo(3)])
        case 220..<224: return Decision(manner: .forbidden)
        case 224..<234: return Decision(manner: .disconnect)
        case 234..<254 where isOrder: return Decision(manner: .unanswered)
        case 254..<255:
            return Decision(manner: .maintenance, milliseconds: 1_000 + draw.upTo(4_000))
        case 255..<257: return Decision(manner: .clockOffset, milliseconds: draw.upTo(1_600) - 800)
        case 257..<263: return Decision(manner: .overload)
        default: return nil
        }
    }
}

/// What a push is, as far as manners care.
enum PushKind {
    /// `orderbook…`: snapshots and deltas that build on one another.
    case book
    /// Rows of private topics, candles and tickers: the protocol lets them come again.
    case repeatable
    /// Trades and liquidations.
    case once

    init(topic: String, isPrivate: Bool) {
        if topic.hasPrefix("orderbook.") {
            self = .book
        } else if isPrivate || topic.hasPrefix("kline.") {
            self = .repeatable
        } else {
            self = .once
        }
    }

    var mayComeTwice: Bool { self == .repeatable }
    /// The exchange leaves out no private push of a line that is up.
    var mayBeMissed: Bool { self != .repeatable }
}

/// Numbers drawn from what they are for.
private struct Draw {
    private var state: UInt64

    init(_ seed: UInt64, _ use: UInt64, _ first: UInt64, _ second: UInt64) {
        state = Mix.combine(Mix.combine(Mix.combine(seed, use), first), second)
    }

    /// A number from 0 to one below `bound`.
    mutating func below(_ bound: Int) -> Int {
        state = Mix.spread(state)
        return Int(state.multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number from 0 to `most`.
    mutating func upTo(_ most: Int) -> Int { below(most + 1) }
}
