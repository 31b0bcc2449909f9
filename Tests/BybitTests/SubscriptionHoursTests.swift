import Bybit
import Market
import SharedData
import Testing

/// 72 virtual hours: options are delivered and listed every day, contracts come and one goes.
@Suite struct SubscriptionHoursTests {
    static let minute: Int64 = 60_000
    static let day: Int64 = 86_400_000
    /// 2026-01-01T00:00:00Z.
    static let start: Int64 = 1_767_225_600_000

    /// The exchange's lists at a moment, from arithmetic alone.
    enum Exchange {
        /// Options of two coins: one expiry a day at 08:00, 36 days ahead, 12 strikes, calls and puts.
        static func options(at now: Int64) -> [ListedSymbol] {
            let eight = 8 * 60 * minute
            let first = (now - start + day - eight) / day
            var rows: [ListedSymbol] = []
            for coin in ["BTC", "ETH"] {
                for expiry in first..<first + 36 {
                    let delivery = start + expiry * day + eight
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

        static func turnover(at now: Int64) -> [(symbol: Symbol, turnover: Amount)] {
            let day = (now - start) / SubscriptionHoursTests.day
            return perpetuals(at: now).enumerated().map { place, row in
                let units = Int128(Mix.spread(UInt64(place) &+ UInt64(day) &* 1_000))
                return (row.symbol, Amount(units: units))
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

    @Test func `at every instant what is subscribed is what the rules say, within the limits`()
        throws
    {
        var plan = SubscriptionPlan(try Self.rules.map { try SubscriptionRule(text: $0) })
        var sockets: [Market.Category: SocketPlan] = [
            .option: SocketPlan(limits: SubscriptionLimits(.publicData(.option))),
            .linear: SocketPlan(limits: SubscriptionLimits(.publicData(.linear))),
        ]
        var subscribed: [Market.Category: Set<String>] = [:]
        var changes = 0
        var moved = 0
        var rankedAt = Self.start
        for poll in stride(from: 0, through: 72 * 12, by: 4) {
            let now = Self.start + Int64(poll) * 5 * Self.minute
            if poll % 288 == 0 {
                plan.ranked(Exchange.turnover(at: now), .linear)
                rankedAt = now
            }
            let options = Exchange.options(at: now)
            plan.listed(options, .option)
            plan.listed(Exchange.perpetuals(at: now), .linear)
            let made = plan.apply(now: now)
            // Nothing of the exchange's changes but on the hour: in between, nothing of ours may.
            guard poll % 12 == 0 else {
                #expect(made.isEmpty)
                continue
            }
            for change in made {
                changes += 1
                var topics = subscribed[change.category] ?? []
                for topic in change.removed { #expect(topics.remove(topic) != nil) }
                for topic in change.added { #expect(topics.insert(topic).inserted) }
                subscribed[change.category] = topics
                let before = try require(sockets[change.category], "plan").sockets
                let wanted = plan.topics(change.category, now: now)
                let outcome = sockets[change.category]?.assign(wanted)
                #expect(outcome?.refused == [])
                let after = try require(sockets[change.category], "plan").sockets
                for (old, new) in zip(before, after) {
                    moved += old.count { topics.contains($0) && !new.contains($0) }
                }
            }
            let expected = Self.expected(
                at: now,
                turnoverAt: rankedAt,
                options: options
            )
            for category in [Market.Category.option, .linear] {
                #expect(subscribed[category] == expected[category], "\(category) poll \(poll)")
                let plan = try require(sockets[category], "plan")
                let all = plan.sockets.flatMap { $0 }
                #expect(Set(all) == subscribed[category] && all.count == Set(all).count)
                for topics in plan.sockets {
                    #expect(category != .option || topics.count <= 2_000)
                    let text = topics.map { "\"\($0)\"" }.joined(separator: ",")
                    #expect(text.utf8.count + 2 <= 21_000)
                }
            }
        }
        #expect(changes > 15)
        #expect(moved == 0)
        #expect(sockets[.option]?.sockets.count ?? 0 >= 3)
    }
}
