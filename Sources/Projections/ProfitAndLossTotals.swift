import GRDB
import Market

/// Exact sums of the ledger's amounts by strategy, instrument and day, kept beside the file while it is written.
struct ProfitAndLossTotals {
    struct Key: Hashable {
        var account: ExactText
        var strategy: ExactText
        var instrument: InstrumentID
        var day: String
        var coin: ExactText
    }

    struct Sums {
        var realised = Amount.zero
        var ownRealised = Amount.zero
        var fees = Amount.zero
        var funding = Amount.zero
        var turnover = Amount.zero
        var fills: Int64 = 0
        var sequence = SequenceNumber.none
        var isChanged = false
    }

    private var places: [Key: Int] = [:]
    private var rows: [(key: Key, sums: Sums)] = []
    private var changed: [Int] = []
    private var days = Days()

    init() {}

    init(from database: Database) throws {
        let stored = try Row.fetchCursor(
            database,
            sql: """
                SELECT account, strategy, category, symbol, day, coin, realised, own_realised, fees,
                  funding, turnover, fills, sequence
                FROM pnl ORDER BY account, strategy, category, symbol, day, coin
                """
        )
        while let row = try stored.next() {
            let columns = Columns(row, table: "pnl")
            let key = Key(
                account: ExactText(columns.text(0)),
                strategy: ExactText(columns.text(1)),
                instrument: try columns.instrument(2, 3),
                day: columns.text(4),
                coin: ExactText(columns.text(5))
            )
            places[key] = rows.count
            rows.append(
                (
                    key,
                    Sums(
                        realised: try columns.amount(6),
                        ownRealised: try columns.amount(7),
                        fees: try columns.amount(8),
                        funding: try columns.amount(9),
                        turnover: try columns.amount(10),
                        fills: columns.integer(11),
                        sequence: columns.sequence(12)
                    )
                )
            )
        }
    }

    mutating func add(
        _ execution: ExecutionReport,
        _ effect: ExecutionEffect,
        strategy: String,
        at place: Provenance
    ) throws(ProjectionError) {
        let key = Key(
            account: ExactText(place.account),
            strategy: ExactText(strategy),
            instrument: execution.instrument,
            day: days.text(of: execution, at: place),
            coin: ExactText(effect.coin)
        )
        var fee = effect.fee
        var funding = effect.funding
        var own = effect.parts.isEmpty ? effect.ownRealised : .zero
        do throws(NumberError) {
            for part in effect.parts {
                fee = try fee.subtracting(part.fee)
                funding = try funding.subtracting(part.funding)
                guard part.strategy != strategy else {
                    own = try own.adding(part.realised)
                    fee = try fee.adding(part.fee)
                    funding = try funding.adding(part.funding)
                    continue
                }
                var partKey = key
                partKey.strategy = ExactText(part.strategy)
                try change(partKey, at: place) { (sums) throws(NumberError) in
                    sums.ownRealised = try sums.ownRealised.adding(part.realised)
                    sums.fees = try sums.fees.adding(part.fee)
                    sums.funding = try sums.funding.adding(part.funding)
                }
            }
            try change(key, at: place) { (sums) throws(NumberError) in
                sums.realised = try sums.realised.adding(effect.realised)
                sums.ownRealised = try sums.ownRealised.adding(own)
                sums.fees = try sums.fees.adding(fee)
                sums.funding = try sums.funding.adding(funding)
                if execution.type.isFill {
                    sums.turnover = try sums.turnover.adding(execution.value)
                    sums.fills += 1
                }
            }
            for other in effect.otherFees {
                var feeKey = key
                feeKey.coin = ExactText(other.coin)
                try change(feeKey, at: place) { (sums) throws(NumberError) in
                    sums.fees = try sums.fees.adding(other.amount)
                }
            }
        } catch {
            throw .number(
                error,
                subject: "pnl of \(execution.instrument), record \(place.sequence)"
            )
        }
    }

    /// What was earned without an execution.
    mutating func add(
        _ more: LedgerSums,
        strategy: String,
        at place: Provenance
    ) throws(ProjectionError) {
        let key = Key(
            account: ExactText(place.account),
            strategy: ExactText(strategy),
            instrument: more.instrument,
            day: more.isBefore ? Days.before(place.sequence) : days.text(of: place.time),
            coin: ExactText(more.coin)
        )
        do throws(NumberError) {
            try change(key, at: place) { (sums) throws(NumberError) in
                sums.realised = try sums.realised.adding(more.realised)
                sums.ownRealised = try sums.ownRealised.adding(more.ownRealised)
                sums.fees = try sums.fees.adding(more.fees)
                sums.funding = try sums.funding.adding(more.funding)
            }
        } catch {
            throw .number(error, subject: "pnl of \(more.instrument), record \(place.sequence)")
        }
    }

    private mutating func change(
        _ key: Key,
        at place: Provenance,
        _ body: (inout Sums) throws(NumberError) -> Void
    ) throws(NumberError) {
        let index = index(of: key)
        var sums = rows[index].sums
        try body(&sums)
        sums.sequence = place.sequence
        if !sums.isChanged { changed.append(index) }
        sums.isChanged = true
        rows[index].sums = sums
    }

    private mutating func index(of key: Key) -> Int {
        if let index = places[key] { return index }
        places[key] = rows.count
        rows.append((key, Sums()))
        return rows.count - 1
    }

    /// Writes the sums that changed since the last time.
    mutating func write(_ statements: RowStatements) throws {
        guard !changed.isEmpty else { return }
        var binder = statements.binder(.setProfitAndLoss)
        for index in changed {
            let (key, sums) = rows[index]
            binder.text(key.account.text)
            binder.text(key.strategy.text)
            binder.text(key.instrument.category.name)
            binder.text(key.instrument.symbol.description)
            binder.text(key.day)
            binder.text(key.coin.text)
            binder.text(sums.realised)
            binder.text(sums.ownRealised)
            binder.text(sums.fees)
            binder.text(sums.funding)
            binder.text(sums.turnover)
            binder.integer(sums.fills)
            binder.integer(Int64(sums.sequence.value))
            try binder.run()
            rows[index].sums.isChanged = false
        }
        changed.removeAll(keepingCapacity: true)
    }
}
