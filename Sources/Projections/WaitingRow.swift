public import Market

/// A row on its way into the file.
struct WaitingRow {
    var place: Provenance
    /// Place among the rows of one record.
    var ordinal: Int
    var content: DeskRow
}

/// What a record leads to in the tables.
///
/// Whoever folds a recording makes rows, on a thread of its own if it likes, and hands them to a ``DeskWriter``.
/// Indirect, since rows are handed on several times, and a wallet need not be as large in memory as a round trip.
public indirect enum DeskRow: Sendable {
    /// A row of an order push or reply. `isLate`: newer news of the order is known; it goes into the history only.
    case order(OrderUpdate, strategy: String, isLate: Bool)
    case execution(ExecutionReport, ExecutionEffect, strategy: String)
    /// An empty strategy is the account's whole position.
    case position(LedgerPosition, strategy: String)
    case exchangePosition(PositionUpdate)
    case wallet(WalletUpdate)
    case flow(WalletFlow, strategy: String)
    case transaction(TransactionRow)
    case command(Command)
    case verdict(Verdict)
    case finding(Finding)
    /// `isConnected`: the socket stands behind it, as behind a topic that was refused.
    case link(LinkEvent, isConnected: Bool)
    /// Part of the sums alone.
    case sums(LedgerSums, strategy: String)
    /// Replaces what was told of the trip before.
    case trip(TripRow)
    /// A run begins, and its ledger with it: trips that are open were cut by the end of the one before.
    case runBegins
}

extension DeskWriter {
    /// A row of an order push or of an order reply.
    ///
    /// - Parameters:
    ///   - strategy: whose order it is; empty when it is not ours.
    ///   - isLate: true when newer news of the order is known; it goes into the history only. News that the exchange
    ///     dates before the stored state, or that would open a closed order, is late without being told.
    public func add(
        order: OrderUpdate,
        strategy: String,
        isLate: Bool = false,
        at place: Provenance
    ) throws(ProjectionError) {
        try append(.order(order, strategy: strategy, isLate: isLate), at: place)
    }

    /// An execution with what the ledger made of it; one that is stored already is passed over.
    public func add(
        execution: ExecutionReport,
        effect: ExecutionEffect,
        strategy: String,
        at place: Provenance
    ) throws(ProjectionError) {
        try append(.execution(execution, effect, strategy: strategy), at: place)
    }

    /// A position of the ledger after the record.
    ///
    /// - Parameter strategy: whose part it is; empty for the account's whole position.
    public func add(
        position: LedgerPosition,
        strategy: String = "",
        at place: Provenance
    ) throws(ProjectionError) {
        try append(.position(position, strategy: strategy), at: place)
    }

    /// A position at the recording's end, by the last mark price; written by ``finish(lastSequence:)``.
    ///
    /// Not part of the positions over time: a recording that goes on has another end.
    public func add(valuation: LedgerPosition, strategy: String = "", at place: Provenance) {
        valuations.append(Stored(value: valuation, provenance: place, strategy: strategy))
    }

    /// The exchange's word on a position.
    public func add(
        exchangePosition: PositionUpdate,
        at place: Provenance
    ) throws(ProjectionError) {
        try append(.exchangePosition(exchangePosition), at: place)
    }

    /// The exchange's word on a coin of the wallet.
    public func add(wallet: WalletUpdate, at place: Provenance) throws(ProjectionError) {
        try append(.wallet(wallet), at: place)
    }

    /// A change of a wallet, as the ledger classified it.
    public func add(
        flow: WalletFlow,
        strategy: String = "",
        at place: Provenance
    ) throws(ProjectionError) {
        try append(.flow(flow, strategy: strategy), at: place)
    }

    /// A row of the exchange's transaction log; one that is stored already is passed over.
    public func add(transaction: TransactionRow, at place: Provenance) throws(ProjectionError) {
        try append(.transaction(transaction), at: place)
    }

    /// A record of `desk/command`.
    public func add(command: Command, at place: Provenance) throws(ProjectionError) {
        try append(.command(command), at: place)
    }

    /// A record of `desk/verdict`, with its checks.
    public func add(verdict: Verdict, at place: Provenance) throws(ProjectionError) {
        try append(.verdict(verdict), at: place)
    }

    /// A record of `desk/finding`; one of kind `gap` begins a gap, and `reconciled` ends those of its subject.
    public func add(finding: Finding, at place: Provenance) throws(ProjectionError) {
        try append(.finding(finding), at: place)
    }

    /// A record of `link/…`: a lost connection or shed data begins a gap, and `ready` ends those of its socket.
    ///
    /// - Parameter isConnected: the socket stands behind it: what `failed` tells of is a refused topic then, which is over as
    ///   it is told, since no `ready` follows.
    public func add(
        link: LinkEvent,
        isConnected: Bool = false,
        at place: Provenance
    ) throws(ProjectionError) {
        try append(.link(link, isConnected: isConnected), at: place)
    }

    /// What was earned without an execution: part of the sums.
    public func add(
        sums: LedgerSums,
        strategy: String,
        at place: Provenance
    ) throws(ProjectionError) {
        try append(.sums(sums, strategy: strategy), at: place)
    }

    /// A round trip; it replaces what was told of it before.
    public func add(trip: TripRow, at place: Provenance) throws(ProjectionError) {
        try append(.trip(trip), at: place)
    }

    /// A row of any kind.
    public func add(_ row: DeskRow, at place: Provenance) throws(ProjectionError) {
        try append(row, at: place)
    }

    /// Any output of the core; state reports are not stored.
    public func add(output: Output, at place: Provenance) throws(ProjectionError) {
        switch output {
        case .command(let command): try add(command: command, at: place)
        case .verdict(let verdict): try add(verdict: verdict, at: place)
        case .finding(let finding): try add(finding: finding, at: place)
        case .state: break
        }
    }
}
