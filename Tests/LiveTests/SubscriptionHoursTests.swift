import Bybit
import Market
import Testing

@testable import Gateway

/// 72 virtual hours: options are delivered and listed every day, contracts come and one goes, orders and positions come
/// and go, connections are lost.
///
/// Rules, plan of the sockets, and each connection's own state machine, as a session has them; the exchange's end of
/// each connection is a set of topics that judges every request. It computes for half a minute, and so does not stand with the
/// tests of sockets, whose deadlines it would pass.
@Suite struct SubscriptionHoursTests {
    static let minute: Int64 = 60_000
    static let day: Int64 = 86_400_000
    /// Of each day, from its beginning.
    static let expiry: Int64 = 482 * minute
    /// 2026-01-01T00:00:00Z.
    static let start: Int64 = 1_767_225_600_000

    /// The exchange's lists at a moment, from arithmetic alone.
    enum Exchange {
        /// Options of two coins: one expiry a day at 08:02, between two polls, 36 days ahead, 12 strikes, calls and puts.
        static func options(at now: Int64) -> [ListedSymbol] {
            let hour = SubscriptionHoursTests.expiry
            let first = (now - start + day - hour) / day
            var rows: [ListedSymbol] = []
            for coin in ["BTC", "ETH"] {
                for expiry in first..<first + 36 {
                    let delivery = start + expiry * day + hour
                    for strike in 0..<12 {
                        for side in ["C", "P"] {
                            let name = "\(coin)-D\(expiry)-\(50_000 + strike * 1_000)-\(side)"
                            rows.append(
                                ListedSymbol(
                                    symbol: Symbol(name) ?? .none,
                                    baseCoin: coin,
                                    isTrading: delivery > now,
                                    deliveryMilliseconds: delivery
                                )
                            )
                        }
                    }
                }
            }
            return rows
        }

        /// 300 perpetuals; one more every five hours, and number 7 is delisted after 30 hours.
        static func perpetuals(at now: Int64) -> [ListedSymbol] {
            let hours = (now - start) / (60 * minute)
            return (0..<(300 + hours / 5)).compactMap { number in
                if number == 7, hours >= 36 { return nil }
                return ListedSymbol(
                    symbol: Symbol("COIN\(number)USDT") ?? .none,
                    baseCoin: "COIN\(number)",
                    isTrading: !(number == 7 && hours >= 30)
                )
            }
        }

        static func turnover(at now: Int64) -> [DayFigures] {
            let day = (now - start) / SubscriptionHoursTests.day
            return perpetuals(at: now).enumerated().map { place, row in
                let units = Int128(Mix.spread(UInt64(place) &+ UInt64(day) &* 1_000))
                return DayFigures(symbol: row.symbol, turnover: Amount(units: units))
            }
        }
    }

    static let rules = [
        "option:orderbook.25.BTC-* within:30d", "option:tickers.BTC-* within:30d",
        "option:orderbook.25.ETH-* within:14d", "option:tickers.ETH-*", "option:publicTrade.BTC-*",
        "linear:orderbook.50.*USDT", "linear:tickers.top:30", "linear:publicTrade.COIN7USDT",
    ]

    /// The rules again, written down by hand.
    static func expected(
        at now: Int64,
        turnoverAt ranked: Int64,
        options: [ListedSymbol]
    ) -> [Market.Category: Set<String>] {
        var option: Set<String> = ["publicTrade.BTC"]
        for row in options where row.deliveryMilliseconds > now {
            let left = row.deliveryMilliseconds - now
            let name = row.symbol.description
            if row.baseCoin == "BTC", left <= 30 * day {
                option.insert("orderbook.25." + name)
                option.insert("tickers." + name)
            }
            guard row.baseCoin == "ETH" else { continue }
            option.insert("tickers." + name)
            if left <= 14 * day { option.insert("orderbook.25." + name) }
        }
        let open = Exchange.perpetuals(at: now).filter(\.isTrading)
        var linear = Set(open.map { "orderbook.50." + $0.symbol.description })
        let names = Set(open.map(\.symbol))
        let ranking = Exchange.turnover(at: ranked).sorted { $0.turnover > $1.turnover }
        for row in ranking.filter({ names.contains($0.symbol) }).prefix(30) {
            linear.insert("tickers." + row.symbol.description)
        }
        if names.contains(where: { $0.description == "COIN7USDT" }) {
            linear.insert("publicTrade.COIN7USDT")
        }
        return [.option: option, .linear: linear]
    }

    /// What a session does with a change of rules, without its sockets.
    struct Desk {
        var plan: SubscriptionPlan
        var sockets: [Market.Category: SocketPlan] = [:]
        var lines: [Market.Category: [SubscribedLine]] = [:]
        var chance: UInt64 = 1
        var changes = 0
        /// Topics that went to another connection although they stayed.
        var moved = 0

        init() throws {
            plan = SubscriptionPlan(
                try SubscriptionHoursTests.rules.map { try SubscriptionRule(text: $0) }
            )
            for category in [Market.Category.option, .linear] {
                sockets[category] = SocketPlan(limits: SubscriptionLimits(.publicData(category)))
            }
        }

        mutating func draw() -> UInt64 {
            chance = Mix.spread(chance)
            return chance
        }

        /// As `SessionLoop.applyRules`.
        mutating func apply(at now: Int64) throws {
            for change in plan.apply(now: now) {
                changes += 1
                let category = change.category
                let before = try #require(sockets[category]).sockets
                let topics = plan.topics(category, now: now)
                let outcome = sockets[category]?.assign(topics) ?? SocketPlan.Outcome()
                #expect(outcome.refused == [])
                let after = try #require(sockets[category]).sockets
                let wanted = Set(topics)
                for (old, new) in zip(before, after) {
                    let stays = Set(new)
                    moved += old.count { wanted.contains($0) && !stays.contains($0) }
                }
                for group in outcome.changed {
                    while lines[category, default: []].count <= group {
                        var line = SubscribedLine(category)
                        line.start(now)
                        lines[category, default: []].append(line)
                    }
                    let bits = draw()
                    lines[category]?[group].want(after[group], now, bits)
                }
            }
        }

        /// Lets answers come and connections come back, until nothing is under way or `end` is reached.
        mutating func run(from now: Int64, to end: Int64) {
            var now = now
            while true {
                let due = lines.values.flatMap { $0 }.compactMap(\.next).min()
                guard let due, due <= end else { return }
                now = max(now, due)
                for category in [Market.Category.option, .linear] {
                    for place in (lines[category] ?? []).indices {
                        let bits = draw()
                        lines[category]?[place].run(to: now, bits)
                    }
                }
            }
        }

        mutating func lose(_ category: Market.Category, _ place: Int, at now: Int64) {
            let bits = draw()
            lines[category]?[place].lose(now, bits)
        }

        func has(_ category: Market.Category) -> [String] {
            (lines[category] ?? []).flatMap(\.has)
        }

        var problems: [String] { lines.values.flatMap { $0 }.flatMap(\.problems) }
        var requests: Int { lines.values.flatMap { $0 }.map(\.requests).reduce(0, +) }
    }

    /// Contracts with an order or a position, each for some seconds; those that are listed.
    static func exposed(_ step: Int, at now: Int64) -> [InstrumentID] {
        let options = Exchange.options(at: now).filter(\.isTrading)
        let perpetuals = Exchange.perpetuals(at: now).filter(\.isTrading)
        var exposed: [InstrumentID] = []
        for place in 0..<12 {
            let bits = Mix.spread(UInt64(step / 2 * 100 + place) &+ UInt64(now / day))
            if bits % 2 == 0 {
                let row = options[Int(bits / 2 % UInt64(options.count))]
                exposed.append(InstrumentID(.option, row.symbol))
            } else {
                let row = perpetuals[Int(bits / 2 % UInt64(perpetuals.count))]
                exposed.append(InstrumentID(.linear, row.symbol))
            }
        }
        return exposed
    }

    private func compare(
        _ desk: Desk,
        _ expected: [Market.Category: Set<String>],
        _ moment: String
    ) {
        for category in [Market.Category.option, .linear] {
            let has = desk.has(category)
            #expect(Set(has) == expected[category], "\(category) poll \(moment)")
            #expect(has.count == Set(has).count, "a topic on two connections")
            #expect(desk.lines[category]?.allSatisfy(\.state.isReady) == true)
        }
    }

    @Test func `at every instant what is subscribed is what the rules say, within the limits`()
        throws
    {
        var desk = try Desk()
        var rankedAt = Self.start
        var disconnects = 0
        var ticks = 0
        for poll in 0...(72 * 12) {
            let now = Self.start + Int64(poll) * 5 * Self.minute
            if poll % 288 == 0 {
                desk.plan.ranked(Exchange.turnover(at: now), .linear)
                rankedAt = now
            }
            let options = Exchange.options(at: now)
            desk.plan.listed(options, .option)
            desk.plan.listed(Exchange.perpetuals(at: now), .linear)
            let before = desk.changes
            try desk.apply(at: now)
            // The exchange's lists change on the hour, and with the first poll behind an expiry: in between, nothing of ours may.
            let isNew = poll % 12 == 0 || poll % 288 == 97
            if !isNew { #expect(desk.changes == before) }
            // Orders come while the answers to the hour's requests are still under way, and connections are lost.
            var moments: [Int64] = isNew ? [0] : []
            if poll % 36 == 0 { moments += [250, 700, 2_400, 64_000, 130_000] }
            for (step, offset) in moments.enumerated() {
                let at = now + offset
                if poll % 36 == 0 {
                    let exposed = offset < 60_000 ? Self.exposed(step, at: now) : []
                    if desk.plan.follow(exposed, now: at) { try desk.apply(at: at) }
                    let category: Market.Category = desk.draw() % 2 == 0 ? .option : .linear
                    let count = desk.lines[category]?.count ?? 0
                    if step == 2, count > 0 {
                        desk.lose(category, Int(desk.draw() % UInt64(count)), at: at)
                        disconnects += 1
                    }
                }
                let next = step + 1 < moments.count ? now + moments[step + 1] : at + 60_000
                desk.run(from: at, to: next - 1)
            }
            compare(desk, Self.expected(at: now, turnoverAt: rankedAt, options: options), "\(poll)")
            // Contracts are delivered and come within a window before the next poll: the tick behind it follows.
            guard let change = desk.plan.nextChange, change < now + 5 * Self.minute else {
                continue
            }
            ticks += 1
            let tick = change + 400
            try desk.apply(at: tick)
            desk.run(from: tick, to: tick + Self.minute)
            compare(
                desk,
                Self.expected(at: tick, turnoverAt: rankedAt, options: options),
                "behind \(poll)"
            )
        }
        #expect(ticks == 3)
        #expect(desk.problems == [])
        #expect(desk.changes > 150 && disconnects > 20 && desk.requests > 100)
        #expect(desk.moved == 0)
        #expect(desk.lines[.option]?.count ?? 0 >= 3)
    }
}
