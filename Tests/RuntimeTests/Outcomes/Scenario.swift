import Market

/// One scenario: what the strategy wants, what the market does, and what befalls one message of the order's life.
///
/// All of it follows from its number, so that a failure is repeated by that number alone.
struct Scenario: Sendable, CustomStringConvertible {
    /// Where something happens: three legs of each request, two pushes, and the question that settles.
    enum Point: String, CaseIterable, Sendable {
        /// On its way to the exchange; taken there, not yet answered; the answer on its way back.
        case createRequest, createTaken, createAnswer
        case amendRequest, amendTaken, amendAnswer
        case cancelRequest, cancelTaken, cancelAnswer
        case orderPush, executionPush
        case lookUp

        var request: Request? {
            switch self {
            case .createRequest, .createTaken, .createAnswer: .create
            case .amendRequest, .amendTaken, .amendAnswer: .amend
            case .cancelRequest, .cancelTaken, .cancelAnswer: .cancel
            case .orderPush, .executionPush, .lookUp: nil
            }
        }

        var leg: Leg? {
            switch self {
            case .createRequest, .amendRequest, .cancelRequest: .way
            case .createTaken, .amendTaken, .cancelTaken: .taken
            case .createAnswer, .amendAnswer, .cancelAnswer: .answer
            case .orderPush, .executionPush, .lookUp: nil
            }
        }
    }

    enum Request: Sendable { case create, amend, cancel }
    enum Leg: Sendable { case way, taken, answer }

    enum Fault: String, CaseIterable, Sendable {
        /// Nothing; of a request in every other scenario that it is done and answered as a server error.
        case accepts
        /// It is gone, and nobody says so.
        case drops
        /// It comes later, also after all limits.
        case delays
        /// It is gone with its connection, which comes back; in every third scenario with the whole network.
        case cuts
    }

    enum Entry: String, CaseIterable, Sendable { case rest, socket }

    let number: Int
    let point: Point
    let fault: Fault
    let entry: Entry
    /// Milliseconds that a delayed message comes later.
    let delay: Int
    /// Milliseconds without a network; 0 where only the connection is cut.
    let outage: Int
    /// Which push of its kind it is that something happens to, from 0; all of them where it is `nil`.
    let push: Int?
    /// How many questions something happens to, one after the other.
    let questions: Int
    /// Where on its way something happens to a question.
    let questionLeg: Leg
    /// Done, and answered as a server error.
    let isServerError: Bool
    /// The exchange's list of open orders has no order that has ended, and its history none that is open, as its
    /// documentation leaves open.
    let isStrict: Bool
    /// Of the fault that makes an order unknown where the point is the question.
    let cause: (request: Request, leg: Leg)?
    /// The cause is that the connection is lost while the request is taken, which is carried out so many milliseconds
    /// later, and no row of the order is ever pushed; 0: that the message is lost.
    let hiddenFor: Int
    let script: Script
    /// Offsets from the session's start in milliseconds, and what is taken then.
    let market: [(milliseconds: Int, thousandths: Int64)]

    static let combinations = Point.allCases.count * Fault.allCases.count * Entry.allCases.count

    init(number: Int) {
        self.number = number
        var chance = Chance(seed: UInt64(number))
        point = Point.allCases[number % Point.allCases.count]
        fault = Fault.allCases[number / Point.allCases.count % Fault.allCases.count]
        entry =
            Entry.allCases[
                number / (Point.allCases.count * Fault.allCases.count) % Entry.allCases.count
            ]
        let request = point.request
        // What was taken is carried out within what a request is good for, or nobody could ever tell.
        let delays: [Int] =
            switch point {
            case .createTaken, .amendTaken, .cancelTaken: [200, 1_100, 3_000, 4_900, 6_400]
            // Around the end of an order's window, before the question's own.
            case .lookUp: [400, 2_900, 5_600, 7_100, 7_600, 8_200, 8_800, 9_300, 9_800, 12_000]
            default:
                [150, 1_100, 2_900, 4_600, 5_600, 7_300, 9_800, 12_000, 16_500, 19_000, 26_000]
            }
        outage = chance.below(3) == 0 ? 500 + chance.below(9_000) : 0
        push = chance.below(5) == 0 ? nil : chance.below(3)
        let asked = fault == .delays ? 2 + chance.below(2) : 1 + chance.below(3)
        isServerError = request != nil && fault == .accepts && chance.below(2) == 0
        cause =
            point == .lookUp
            ? (
                request: chance.pick([Request.create, .create, .create, .create, .amend, .cancel]),
                leg: chance.pick([Leg.way, .way, .answer])
            ) : nil
        hiddenFor = cause?.leg == .way && chance.below(3) > 0 ? 1_500 + chance.below(4_500) : 0
        // The worst of all: nothing but the questions can tell of the order, and the first of them speak too late of a time
        // at which it was not there yet.
        let isHidden = hiddenFor > 0 && cause?.request == .create && fault == .delays
        delay = (isHidden ? 7_100 + chance.below(2_700) : chance.pick(delays)) + chance.below(90)
        questions = asked
        isStrict = isHidden || chance.below(3) > 0
        questionLeg = isHidden || chance.below(3) > 0 ? .answer : .way
        let needed = request ?? cause?.request
        var script = Script(
            needed: needed,
            trades: point == .executionPush,
            &chance
        )
        if isHidden { script.ticks = -200 }
        self.script = script
        var market: [(Int, Int64)] = []
        let most = isHidden ? 0 : 3
        let count = point == .executionPush ? 1 + chance.below(3) : chance.below(most + 1)
        for _ in 0..<count {
            // Around the time of the order's life, now and then long after.
            let far = chance.below(6) == 0 ? 20_000 : 0
            market.append(
                (3_050 + chance.below(6_000) + chance.below(far + 1), chance.pick([2, 4, 10, 25]))
            )
        }
        self.market = market.sorted { $0.0 < $1.0 }.map { (milliseconds: $0.0, thousandths: $0.1) }
    }

    var description: String {
        var words = "scenario \(number): \(point.rawValue) \(fault.rawValue) by \(entry.rawValue)"
        if fault == .delays { words += " \(delay) ms" }
        if fault == .cuts { words += outage > 0 ? " and no network for \(outage) ms" : "" }
        if isServerError { words += " (server error)" }
        if let cause { words += " after \(cause.request) \(cause.leg) was lost" }
        if hiddenFor > 0 { words += ", carried out unseen after \(hiddenFor) ms" }
        return words + (isStrict ? ", strict" : "") + "; \(script), market \(market)"
    }

    /// What the strategy is to do.
    struct Script: Sendable, CustomStringConvertible {
        var isBuy: Bool
        /// Ticks of 0.1 from 90,000 towards the other side; background orders begin 100 ticks away.
        var ticks: Int
        var thousandths: Int
        var timeInForce: String
        /// Milliseconds after the order; 0: never.
        var amendAfter: Int
        var amendTicks: Int
        var amendThousandths: Int
        var cancelAfter: Int

        init(needed: Request?, trades: Bool, _ chance: inout Chance) {
            isBuy = chance.below(2) == 0
            // Resting before all others, behind them, and crossing.
            let rests = needed == .amend || needed == .cancel || chance.below(3) > 0
            ticks = rests ? chance.pick([-50, -20, -200]) : chance.pick([100, 130])
            if trades, ticks == -200 { ticks = -20 }
            thousandths = chance.pick([10, 10, 20])
            timeInForce =
                rests
                ? chance.pick(["GTC", "GTC", "PostOnly"]) : chance.pick(["GTC", "IOC", "PostOnly"])
            if trades, !rests { timeInForce = "IOC" }
            // More than the account can carry: refused.
            if needed == .create, chance.below(12) == 0 { thousandths = 95_000 }
            let amends = needed == .amend || chance.below(3) == 0
            amendAfter = amends ? 300 + chance.below(2_500) : 0
            amendTicks = chance.pick([-40, -30, -60, 110])
            amendThousandths = chance.pick([0, 0, 8, 16, 30])
            let cancels = needed == .cancel || chance.below(2) == 0
            cancelAfter = cancels ? 400 + chance.below(4_000) : 0
        }

        var description: String {
            "\(isBuy ? "buy" : "sell") \(thousandths) at \(ticks) \(timeInForce), amend"
                + " \(amendAfter) to \(amendTicks)/\(amendThousandths), cancel \(cancelAfter)"
        }
    }
}

/// The scenarios' only source of chance.
struct Chance: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = Mix.spread(seed) }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Mix.spread(state)
    }

    /// 0 ..< `bound`; 0 when the bound is.
    mutating func below(_ bound: Int) -> Int {
        bound > 0 ? Int(next().multipliedFullWidth(by: UInt64(bound)).high) : 0
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}
