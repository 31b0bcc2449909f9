import Market
import Testing

@testable import Trading

/// What the exchange answers about a contract and an account, as an account view is given it.
struct Facts {
    var facts = AccountFacts()

    /// The tiers of a contract, limit and maintenance rate each, and what a taker pays.
    init(
        _ tiers: [(limit: String, rate: String)],
        taker: String? = "0.00055",
        initial: String = "0.01"
    ) throws {
        try limits(tiers, initial: initial)
        guard let taker else { return }
        var fee = FeeRate()
        fee.symbol = "BTCUSDT"
        fee.takerRate = try Numeral(text: taker)
        reply(.feeRates) { $0.details = [.feeRate(fee)] }
    }

    /// - Parameter initial: of a hundredfold leverage: `0.01` of fractions, `1` of percent points.
    mutating func limits(_ tiers: [(limit: String, rate: String)], initial: String) throws {
        let rows = try tiers.map { tier in
            var row = RiskLimit()
            row.symbol = Bench.btc.symbol
            row.value = try Numeral(text: tier.limit)
            row.maintenanceMargin = try Numeral(text: tier.rate)
            row.initialMargin = try Numeral(text: initial)
            row.leverageMax = try Numeral(text: "100.00")
            return Detail.riskLimit(row)
        }
        reply(.riskLimits) { $0.details = rows }
    }

    mutating func mode(_ name: String) {
        var account = AccountDescription()
        account.marginMode = name
        reply(.accountInfo) { $0.details = [.account(account)] }
    }

    mutating func reply(_ endpoint: Endpoint, _ fill: (inout Event) -> Void) {
        var event = Event()
        event.kind = .reply
        event.reply.endpoint = endpoint
        event.reply.httpStatus = 200
        event.reply.query = "category=linear"
        fill(&event)
        facts.take(event)
    }

    mutating func wallet(
        borrowed: String,
        spot: String,
        interest: String = "0",
        at milliseconds: Int64 = 0
    ) throws {
        var row = WalletUpdate(coin: "USDT", walletBalance: .zero)
        row.borrowed = try Amount(text: borrowed)
        row.spotBorrowed = try Amount(text: spot)
        row.accruedInterest = try Amount(text: interest)
        var event = Event()
        event.kind = .wallets
        event.exchangeMilliseconds = milliseconds
        event.wallets = [row]
        facts.take(event)
    }
}

@Suite struct AccountFactsTests {
    private static let tiers = [("1000", "0.005"), ("3000", "0.01")]

    @Test func `fractions and percent points are the same tiers, the lowest first`() throws {
        let fractions = try Facts(Self.tiers.reversed()).facts
        let points = try Facts([("1000", "0.5"), ("3000", "1")], initial: "1").facts
        let terms = try #require(fractions.terms(of: Bench.btc))
        #expect(terms.tiers.map(\.limit.description) == ["1000", "3000"])
        #expect(
            terms.tiers.map { Amount(exactly: $0.maintenanceRate).description } == [
                "0.005", "0.01",
            ]
        )
        let other = try #require(points.terms(of: Bench.btc))
        #expect(
            other.tiers.map { Amount(exactly: $0.maintenanceRate) }
                == terms.tiers.map { Amount(exactly: $0.maintenanceRate) }
        )
        #expect(terms.takerRate == other.takerRate && terms.takerRate.description == "0.00055")
        #expect(fractions.terms(of: Bench.eth) == nil)
    }

    @Test func `without a rate of fees, or with a tier that lacks a figure, there are no terms`()
        throws
    {
        #expect(try Facts(Self.tiers, taker: nil).facts.terms(of: Bench.btc) == nil)
        var facts = try Facts(Self.tiers)
        #expect(facts.facts.terms(of: Bench.btc) != nil)
        // A newer answer takes the older one's place, also where it says less.
        facts.reply(.riskLimits) { event in
            var row = RiskLimit()
            row.symbol = Bench.btc.symbol
            row.value = Numeral(mantissa: 1_000, decimals: 0)
            event.details = [.riskLimit(row)]
        }
        #expect(facts.facts.terms(of: Bench.btc) == nil)
    }

    @Test func `answers to a bot's questions, and refusals, say nothing of this account`() throws {
        var facts = try Facts(Self.tiers, taker: nil)
        var fee = FeeRate()
        fee.symbol = "BTCUSDT"
        fee.takerRate = .zero
        facts.reply(.feeRates) {
            $0.reply.isCarried = true
            $0.details = [.feeRate(fee)]
        }
        facts.reply(.feeRates) {
            $0.reply.code = 10_003
            $0.details = [.feeRate(fee)]
        }
        #expect(facts.facts.terms(of: Bench.btc) == nil)
    }

    private func held(_ facts: AccountFacts) throws -> AccountView {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        bench.execution(
            try Row.fill("e1", quantity: "0.010", price: "90000", rate: "0", seq: 1),
            try Row.fill("e2", quantity: "0.030", price: "90400", rate: "0", seq: 2)
        )
        var row = try Row.position(.buy, "0.040", entry: "90300", seq: 2)
        row.leverage = try Numeral(text: "10")
        bench.position(row)
        try bench.mark("BTCUSDT", "90500")
        return bench.engine.account(facts: facts)
    }

    // The figures of the reference's §9.6; of cross margin with the fee of closing at the mark.
    @Test(arguments: [
        ("", "363.991", "20.091"), ("REGULAR_MARGIN", "363.991", "20.091"),
        ("ISOLATED_MARGIN", "362.98794", "19.88794"), ("PORTFOLIO_MARGIN", nil, nil),
    ])
    func `margins are of the account's mode`(
        mode: String,
        initial: String?,
        maintenance: String?
    ) throws {
        var facts = try Facts([("2000000", "0.005")])
        if !mode.isEmpty { facts.mode(mode) }
        let view = try held(facts.facts)
        let holding = try #require(view.holdings.first)
        #expect(holding.initialMargin?.description == initial)
        #expect(holding.maintenanceMargin?.description == maintenance)
        let coin = try #require(view.coins.first { $0.coin == "USDT" })
        #expect(coin.maintenanceMargin?.description == maintenance)
        // 10,008 of margin balance less it.
        #expect(
            coin.distance?.description
                == (maintenance.map { $0 == "20.091" ? "9987.909" : "9988.11206" })
        )
    }

    @Test
    func `debts are the exchange's last word, and equity is without what was borrowed for spot`()
        throws
    {
        var facts = try Facts([])
        #expect(facts.facts.debts.isEmpty)
        try facts.wallet(borrowed: "120.5", spot: "100", interest: "0.02", at: 2_000)
        // An answer that lay about for longer than a push.
        try facts.wallet(borrowed: "7", spot: "7", at: 1_000)
        var coin = try #require(held(facts.facts).coins.first { $0.coin == "USDT" })
        #expect(coin.debt?.borrowed.description == "120.5")
        #expect(coin.debt?.accruedInterest.description == "0.02")
        #expect(coin.balance?.description == "10000")
        #expect(coin.equity?.description == "9908")
        try facts.wallet(borrowed: "0", spot: "0", at: 3_000)
        coin = try #require(held(facts.facts).coins.first { $0.coin == "USDT" })
        #expect(coin.debt?.isZero == true && coin.equity?.description == "10008")
    }
}
