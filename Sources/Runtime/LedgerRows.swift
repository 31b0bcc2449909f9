import Market
import Projections
import Trading

/// Rows of what the ledger holds.
enum LedgerRows {
    /// The position of an instrument on one side, and each strategy's own part of it.
    static func positions(
        of instrument: InstrumentID,
        _ index: Int,
        _ engine: Engine
    ) -> [(strategy: String, row: LedgerPosition)] {
        let ledger = engine.ledger
        guard let account = ledger.accounts[instrument] else { return [] }
        var rows: [(strategy: String, row: LedgerPosition)] = []
        if let row = row(instrument, index, account[index], account.settleCoin, engine) {
            rows.append(("", row))
        }
        for (share, position) in zip(ledger.shares.keys, ledger.shares.values)
        where share.instrument == instrument && share.positionIndex == index {
            if let row = row(instrument, index, position, account.settleCoin, engine) {
                rows.append((share.strategy, row))
            }
        }
        return rows
    }

    /// All of them; sides of which nothing was ever held are left out where another one was.
    static func positions(_ engine: Engine) -> [(strategy: String, row: LedgerPosition)] {
        var rows: [(strategy: String, row: LedgerPosition)] = []
        let ledger = engine.ledger
        for (instrument, account) in zip(ledger.accounts.keys, ledger.accounts.values) {
            for index in 0...2 {
                guard !account[index].isUntouched || (index == 0 && !account.isHedged) else {
                    continue
                }
                rows += positions(of: instrument, index, engine)
            }
        }
        return rows
    }

    /// What the account had earned before the first record: of the whole, and each strategy's own.
    static func sums(
        before ledger: Ledger
    ) throws(NumberError) -> [(sums: LedgerSums, strategy: String)] {
        var result: [(sums: LedgerSums, strategy: String)] = []
        for (instrument, account) in zip(ledger.accounts.keys, ledger.accounts.values) {
            let whole = account.net
            var rest = LedgerSums(
                instrument: instrument,
                coin: account.settleCoin,
                isBefore: true,
                realised: whole.realised,
                ownRealised: .zero,
                fees: whole.fees,
                funding: whole.funding
            )
            for (share, own) in zip(ledger.shares.keys, ledger.shares.values)
            where share.instrument == instrument {
                guard share.strategy != Order.external else {
                    rest.ownRealised = try rest.ownRealised.adding(own.realised)
                    continue
                }
                rest.fees = try rest.fees.subtracting(own.fees)
                rest.funding = try rest.funding.subtracting(own.funding)
                let sums = LedgerSums(
                    instrument: instrument,
                    coin: account.settleCoin,
                    isBefore: true,
                    ownRealised: own.realised,
                    fees: own.fees,
                    funding: own.funding
                )
                if !sums.isZero { result.append((sums, share.strategy)) }
            }
            if !rest.isZero { result.append((rest, Order.external)) }
            // Whose orders paid them is not kept.
            for (coin, amount) in zip(account.otherFees.keys, account.otherFees.values) {
                let fees = LedgerSums(
                    instrument: instrument,
                    coin: coin,
                    isBefore: true,
                    fees: amount
                )
                if !fees.isZero { result.append((fees, Order.external)) }
            }
        }
        return result
    }

    private static func row(
        _ instrument: InstrumentID,
        _ index: Int,
        _ position: Position,
        _ coin: String,
        _ engine: Engine
    ) -> LedgerPosition? {
        let mark = engine.reference(instrument)
        guard let size = position.size.numeral else { return nil }
        return LedgerPosition(
            instrument: instrument,
            positionIndex: index,
            size: size,
            entryValue: position.entryValue,
            entryPrice: position.entryPrice?.numeral,
            markPrice: mark,
            coin: coin,
            unrealised: mark.flatMap { price in try? position.unrealised(at: price) },
            realised: position.realised,
            fees: position.fees,
            funding: position.funding
        )
    }
}

extension LedgerSums {
    fileprivate var isZero: Bool {
        realised.isZero && ownRealised.isZero && fees.isZero && funding.isZero
    }
}

extension Position {
    /// Nothing was ever held.
    fileprivate var isUntouched: Bool {
        isFlat && realised.isZero && fees.isZero && funding.isZero
    }
}

extension Amount {
    /// The amount as a numeral without trailing zeros; `nil` when it has more than 18 digits.
    var numeral: Numeral? {
        do throws(NumberError) {
            return try Numeral(text: description)
        } catch {
            return nil
        }
    }
}
