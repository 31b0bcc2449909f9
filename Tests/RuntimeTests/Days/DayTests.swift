import Foundation
import Journal
import Market
import Runtime
import Simulation
import Testing
import Trading

/// A synthetic day of all products, with funding, reversals, liquidations, partial fills, deliveries, money from outside,
/// another client and lost connections: what the ledger says against the exchange's own double-entry accounts.
///
/// `TAPEDECK_DAY_HOURS=24` is a whole one.
@Suite(.serialized) struct DayTests {
    /// One day for all that looks at it, one test after the other.
    nonisolated(unsafe) private static let made = Result {
        () throws -> (day: Day, recordings: [Recording]) in
        var day = try Day()
        try day.run()
        return (day, try day.desks.map { try $0.seal() })
    }

    @Test func `a day has all that a day can have`() throws {
        for recording in try Self.made.get().recordings {
            let coverage = try DayCoverage(recording)
            if DayPlan.environment != nil { print(coverage) }
            #expect(coverage.missing.isEmpty, "\(coverage)")
        }
    }

    @Test func `the ledger equals the exchange's own accounts, for each account and coin`() throws {
        let day = try Self.made.get().day
        for desk in day.desks {
            for coin in DayExchange.deposits.keys.sorted() {
                let wallet = try #require(desk.engine.ledger.wallets[coin])
                let theirs = day.exchange.balance(coin, of: desk.holder)
                let balance = try #require(wallet.balance)
                // A unit of the exchange's last digit for each flow is all that its rounding explains.
                let most = 10_000_000_000 * Int128(wallet.flows)
                let ours = "\(balance)"
                #expect(
                    abs(balance.units - theirs.units) <= most,
                    "\(desk.holder.alias) \(coin): ours \(ours), theirs \(theirs), \(wallet.flows) flows"
                )
                if DayPlan.environment != nil {
                    print("\(desk.holder.alias) \(coin): \(ours), \(theirs), \(wallet.flows) flows")
                }
            }
        }
    }

    @Test func `positions equal the exchange's, in size and entry`() throws {
        let day = try Self.made.get().day
        for desk in day.desks {
            for product in day.exchange.products {
                guard [.linear, .inverse, .option].contains(product.id.category) else { continue }
                let row = day.exchange.exchange.position(desk.holder.account, product.id)
                let position = desk.engine.ledger.position(product.id)
                let size = row.flatMap { try? Amount($0.size) } ?? .zero
                let signed = row?.side == .sell ? size.negated : size
                #expect(position.size == signed, "\(desk.holder.alias) \(product.id)")
                guard let price = row?.entryPrice, !size.isZero else { continue }
                #expect(position.entryPrice?.description == price.trimmed.description)
            }
        }
    }

    @Test func `the audit finds nothing unexplained, and no coin parts from the exchange`() throws {
        for recording in try Self.made.get().recordings {
            let outcome = try RecordingAudit(registry: DayDesk.registry).run(recording)
            let counts = outcome.audit.counts
            #expect(outcome.emptiness.isEmpty)
            for kind in [AuditFinding.Kind.order, .execution, .position, .wallet, .flow] {
                #expect(counts.compared(kind) > 100, "\(kind): \(counts.compared(kind))")
            }
            let open = outcome.audit.findings.filter {
                $0.explanation == .unexplained || $0.explanation == .pending
            }
            #expect(open.isEmpty, "\(open.count): \(open.prefix(5))")
            #expect(outcome.isClean)
            for coin in outcome.coins { #expect(coin.line == nil, "\(coin)") }
        }
    }

    // No fill of the built-in exchange bears a fee beside the usual one: SelfAuditTests find that fault, in rows made by hand.
    @Test(arguments: LedgerFault.allCases.filter { $0 != .none && $0 != .extraFee })
    func `a fault put into the ledger is found by the audit`(fault: LedgerFault) throws {
        let made = try Self.made.get()
        let recording = try FaultyCopy.make(
            of: try #require(made.recordings.last),
            fault,
            at: made.day.folder.path + "/" + fault.rawValue
        )
        let outcome = try RecordingAudit(registry: DayDesk.registry).run(recording)
        #expect(outcome.audit.counts[.unexplained] > 0)
        #expect(!outcome.isClean)
    }

    @Test func `the exchange's books balance`() throws {
        #expect(try Self.made.get().day.exchange.exchange.brokenBooks() == nil)
    }
}
