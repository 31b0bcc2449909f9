import Glibc
public import Journal
public import Market
import Projections
public import Trading

/// Fills a recording's `derived/desk.sqlite` from the recording alone.
public struct DeskBuild {
    private let registry: StrategyRegistry
    private let program: String
    public var progress: (SequenceNumber) -> Void = { _ in }

    public init(registry: StrategyRegistry, program: String) {
        self.registry = registry
        self.program = program
    }

    /// Brings the tables up to the recording's end and says where they are.
    public func update(_ recording: Recording) throws -> String {
        let folder = recording.path + "/derived"
        let path = folder + "/desk.sqlite"
        let identity = DeskIdentity(
            recording: recording.id,
            program: program,
            behaviour: SessionStart.behaviourVersion
        )
        if let status = try? DeskReader(path: path).status(), status.isComplete,
            status.identity == identity, status.lastSequence == recording.last
        {
            return path
        }
        try DeskBuild.removeOutrun(path, identity, recording)
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw ReplayError.journal(
                JournalError(.system(call: "mkdir", code: errno), file: folder)
            )
        }
        let writer = try DeskWriter(path: path, identity: identity)
        do {
            try fill(writer, recording)
            try writer.finish(lastSequence: recording.last)
            try writer.close()
        } catch {
            try? writer.close()
            throw error
        }
        return path
    }

    /// Tables that end before the recording now begins lack what lay between, and could not go on.
    private static func removeOutrun(
        _ path: String,
        _ identity: DeskIdentity,
        _ recording: Recording
    ) throws(ReplayError) {
        guard let status = try? DeskReader(path: path).status(), status.identity == identity,
            status.lastSequence.next < recording.first
        else { return }
        for ending in ["", "-wal", "-shm"] where unlink(path + ending) != 0 && errno != ENOENT {
            throw .journal(
                JournalError(.system(call: "unlink", code: errno), file: path + ending)
            )
        }
    }

    private func fill(_ writer: DeskWriter, _ recording: Recording) throws {
        var walk = Walk(registry: registry)
        walk.progress = progress
        var failure: ProjectionError?
        var opening: ProjectionError?
        var account = ""
        walk.opening = { made throws(ReplayError) in
            let at = Provenance(
                sequence: recording.first,
                time: recording.manifest.started,
                account: made.start.account
            )
            do throws(ProjectionError) {
                try DeskRows(writer: writer, account: made.start.account)
                    .addOpening(made.stepper.engine.ledger, at: at)
            } catch {
                opening = error
            }
        }
        let end = try walk.run(recording) { step, engine throws(ReplayError) in
            account = step.start.account
            guard opening == nil else { return false }
            do throws(ProjectionError) {
                try DeskRows(writer: writer, account: account).add(step, engine)
                try writer.advance(to: step.header.sequence)
            } catch {
                failure = error
            }
            return failure == nil
        }
        if let failure = opening ?? failure { throw failure }
        if let engine = end?.engine {
            let at = Provenance(sequence: recording.last, time: engine.time, account: account)
            DeskRows(writer: writer, account: account).addValuations(engine, at: at)
        }
    }
}

/// The rows that one record leads to.
struct DeskRows {
    let writer: DeskWriter
    let account: String

    func add(_ step: Walk.Step, _ engine: Engine) throws(ProjectionError) {
        let at = Provenance(
            sequence: step.header.sequence,
            time: step.header.time,
            account: account
        )
        // Rows of outputs carry the number of their own record; the engine said them one step earlier.
        guard let event = step.event else { return }
        switch event.kind {
        case .orders:
            for row in event.orders {
                try writer.add(order: row, strategy: strategy(row.orderLinkID, engine), at: at)
            }
        case .positions:
            for row in event.positions { try writer.add(exchangePosition: row, at: at) }
        case .wallets:
            for row in event.wallets { try writer.add(wallet: row, at: at) }
        case .reply:
            for row in event.orders {
                try writer.add(order: row, strategy: strategy(row.orderLinkID, engine), at: at)
            }
            for row in event.positions { try writer.add(exchangePosition: row, at: at) }
            for row in event.wallets { try writer.add(wallet: row, at: at) }
            for row in event.transactions { try writer.add(transaction: row, at: at) }
        case .link: try writer.add(link: event.link, at: at)
        default: break
        }
        for booking in engine.bookings {
            let effect = ExecutionEffect(
                coin: booking.coin,
                realised: booking.realised,
                fee: booking.fee,
                funding: booking.funding
            )
            try writer.add(
                execution: booking.report,
                effect: effect,
                strategy: booking.strategy,
                at: at
            )
        }
        if !engine.bookings.isEmpty { try addPositions(engine, at: at) }
        for output in step.outputs { try writer.add(output: output, at: at) }
    }

    /// The account's positions and each strategy's own part of them.
    private func addPositions(_ engine: Engine, at: Provenance) throws(ProjectionError) {
        for (strategy, row) in holdings(engine) {
            try writer.add(position: row, strategy: strategy, at: at)
        }
    }

    /// What the account had earned before the first record: each strategy's own, and the rest.
    ///
    /// Funding stands with the rest, as that of the executions does, whose rows name no order.
    func addOpening(_ ledger: Ledger, at: Provenance) throws(ProjectionError) {
        for (instrument, account) in zip(ledger.accounts.keys, ledger.accounts.values) {
            let whole = account.net
            var rest = OpeningSums(
                instrument: instrument,
                coin: account.settleCoin,
                realised: whole.realised,
                fees: whole.fees,
                funding: whole.funding
            )
            for (share, own) in zip(ledger.shares.keys, ledger.shares.values)
            where share.instrument == instrument && share.strategy != Order.external {
                do throws(NumberError) {
                    rest.realised = try rest.realised.subtracting(own.realised)
                    rest.fees = try rest.fees.subtracting(own.fees)
                } catch {
                    throw .number(
                        error,
                        subject: "pnl of \(instrument) before record \(at.sequence)"
                    )
                }
                let sums = OpeningSums(
                    instrument: instrument,
                    coin: account.settleCoin,
                    realised: own.realised,
                    fees: own.fees,
                    funding: .zero
                )
                try add(sums, share.strategy, at)
            }
            try add(rest, Order.external, at)
        }
    }

    private func add(
        _ sums: OpeningSums,
        _ strategy: String,
        _ at: Provenance
    ) throws(ProjectionError) {
        guard !(sums.realised.isZero && sums.fees.isZero && sums.funding.isZero) else { return }
        try writer.add(opening: sums, strategy: strategy, at: at)
    }

    /// The same at the recording's end, by the last mark prices.
    func addValuations(_ engine: Engine, at: Provenance) {
        for (strategy, row) in holdings(engine) {
            writer.add(valuation: row, strategy: strategy, at: at)
        }
    }

    /// By strategy; an empty name is the account's whole.
    private func holdings(_ engine: Engine) -> [(strategy: String, row: LedgerPosition)] {
        let ledger = engine.ledger
        var holdings: [(strategy: String, row: LedgerPosition)] = []
        for (instrument, account) in zip(ledger.accounts.keys, ledger.accounts.values) {
            if let row = row(instrument, account.position, account.settleCoin, engine) {
                holdings.append(("", row))
            }
        }
        for (share, position) in zip(ledger.shares.keys, ledger.shares.values) {
            let coin = ledger.accounts[share.instrument]?.settleCoin ?? ""
            if let row = row(share.instrument, position, coin, engine) {
                holdings.append((share.strategy, row))
            }
        }
        return holdings
    }

    private func row(
        _ instrument: InstrumentID,
        _ position: Position,
        _ coin: String,
        _ engine: Engine
    ) -> LedgerPosition? {
        let mark = engine.reference(instrument)
        guard let size = position.size.numeral else { return nil }
        return LedgerPosition(
            instrument: instrument,
            positionIndex: 0,
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

    private func strategy(_ orderLinkID: String, _ engine: Engine) -> String {
        engine.order(orderLinkID: orderLinkID)?.strategy ?? ""
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
