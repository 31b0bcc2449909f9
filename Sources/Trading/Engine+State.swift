public import Market

extension Engine {
    /// Of each part of the state; counts up when its encoding changes.
    private enum Version {
        static let books = 3
        /// With a book of price improvements in it; the state of all other sessions is encoded as before, and compared
        /// with recordings of before.
        static let improvedBooks = 4
        static let orders = 5
        static let positions = 4
        static let wallet = 4
        static let risk = 2
        static let desk = 4
        static let checkpoint = 7
        /// What a recording begins with after its older part is gone has to stay readable: a version that only adds fields
        /// reads those before it.
        static let oldestCheckpoint = 5
    }

    private struct Positions: Encodable {
        let accounts: OrderedTable<InstrumentID, Ledger.Account>
        let shares: OrderedTable<Ledger.Share, Position>
        let window: ExecutionWindow
        let pending: OrderedTable<PositionID, PendingPosition>
        let opened: OrderedTable<OpenedList, Timestamp>
        let sessions: OrderedTable<InstrumentID, SessionHistory>
    }

    private struct Wallets: Encodable {
        let wallets: OrderedTable<String, Ledger.Wallet>
        let opened: Timestamp?
        let opening: Opening?
        let deposited: SeenWindow
        let logAsked: Timestamp?
    }

    private struct Circumstances: Encodable {
        let links: Links
        let timers: Timers
    }

    /// The hashes of the state as it is now.
    ///
    /// `desk/state` says them at intervals; a replay's end asks for them.
    public func stateReport() -> StateReport {
        let hasher = CanonicalHasher()
        var components = [
            component(
                "books",
                desk.markets.hasImprovement ? Version.improvedBooks : Version.books,
                desk.markets,
                hasher
            ),
            component("orders", Version.orders, desk.orderStore, hasher),
            component(
                "positions",
                Version.positions,
                Positions(
                    accounts: desk.ledger.accounts,
                    shares: desk.ledger.shares,
                    window: desk.ledger.window,
                    pending: desk.ledger.pendingPositions,
                    opened: desk.ledger.openedPositions,
                    sessions: desk.ledger.sessions
                ),
                hasher
            ),
            component(
                "wallet",
                Version.wallet,
                Wallets(
                    wallets: desk.ledger.wallets,
                    opened: desk.ledger.opened,
                    opening: desk.ledger.opening,
                    deposited: desk.ledger.deposited,
                    logAsked: desk.ledger.logAsked
                ),
                hasher
            ),
            component("risk", Version.risk, desk.risk, hasher),
            component(
                "desk",
                Version.desk,
                Circumstances(links: desk.links, timers: desk.timers),
                hasher
            ),
        ]
        for seat in seats {
            components.append(
                component("strategies." + seat.name, seat.version, seat.logic, hasher)
            )
        }
        return StateReport(
            cause: desk.cause,
            rollingHash: rollingHash,
            components: components
        )
    }

    private func component(
        _ name: String,
        _ version: Int,
        _ state: some Encodable,
        _ hasher: CanonicalHasher
    ) -> StateReport.Component {
        do {
            return StateReport.Component(
                name: name,
                version: version,
                hash: try hasher.hash(state)
            )
        } catch {
            // Only a strategy can come to hold what cannot be encoded; its hash is then that of nothing.
            return StateReport.Component(name: name, version: version, hash: 0)
        }
    }

    // MARK: Checkpoints

    private struct SeatState: Codable {
        var name: String
        var kind: String
        var version: Int
        var state: [UInt8]
    }

    private struct Checkpoint: Codable {
        var version: Int
        var behaviour: Int
        var configuration: EngineConfiguration
        var time: Timestamp
        var cause: SequenceNumber
        var rollingHash: UInt64
        var nextStateAt: UInt64
        var isStarted: Bool
        var markets: MarketStates
        var orders: OrderStore
        var ledger: Ledger
        var risk: RiskState
        var links: Links
        var timers: Timers
        var seats: [SeatState]
    }

    /// The whole state as bytes, from which ``init(checkpoint:registry:)`` goes on as if nothing had been.
    public func checkpoint() throws(EngineError) -> [UInt8] {
        do {
            let encoder = CanonicalEncoder()
            return try encoder.checkpoint(
                Checkpoint(
                    version: Version.checkpoint,
                    behaviour: Engine.behaviourVersion,
                    configuration: configuration,
                    time: desk.time,
                    cause: desk.cause,
                    rollingHash: rollingHash,
                    nextStateAt: nextStateAt,
                    isStarted: isStarted,
                    markets: desk.markets,
                    orders: desk.orderStore,
                    ledger: desk.ledger,
                    risk: desk.risk,
                    links: desk.links,
                    timers: desk.timers,
                    seats: try seats.map {
                        SeatState(
                            name: $0.name,
                            kind: $0.kind,
                            version: $0.version,
                            state: try encoder.checkpoint($0.logic)
                        )
                    }
                )
            )
        } catch {
            throw .checkpoint("\(error)")
        }
    }

    /// The engine that a checkpoint was taken of.
    public init(
        checkpoint bytes: [UInt8],
        registry: StrategyRegistry = .standard
    ) throws(EngineError) {
        let checkpoint: Checkpoint
        do {
            checkpoint = try CanonicalDecoder().decode(Checkpoint.self, from: bytes)
        } catch {
            throw .checkpoint("\(error)")
        }
        guard (Version.oldestCheckpoint...Version.checkpoint).contains(checkpoint.version) else {
            throw .checkpoint("it is of version \(checkpoint.version)")
        }
        try self.init(configuration: checkpoint.configuration, registry: registry)
        for seat in checkpoint.seats {
            guard let place = seats.firstIndex(where: { $0.name == seat.name }),
                seats[place].kind == seat.kind
            else { throw .checkpoint("it has a strategy \(seat.name) of kind \(seat.kind)") }
            guard seats[place].version == seat.version else {
                throw .checkpoint(
                    "state of \(seat.name) is of version \(seat.version),"
                        + " this program has \(seats[place].version)"
                )
            }
            do {
                if let logic = try registry.decode(seat.kind, from: seat.state) {
                    seats[place].logic = logic
                }
            } catch {
                throw .checkpoint("state of \(seat.name): \(error)")
            }
        }
        desk.time = checkpoint.time
        desk.cause = checkpoint.cause
        desk.markets = checkpoint.markets
        desk.orderStore = checkpoint.orders
        desk.ledger = checkpoint.ledger
        desk.ledger.noteOpeningEnd()
        desk.risk = checkpoint.risk
        desk.links = checkpoint.links
        desk.timers = checkpoint.timers
        rollingHash = checkpoint.rollingHash
        nextStateAt = checkpoint.nextStateAt
        isStarted = checkpoint.isStarted
        if checkpoint.behaviour < 8 { desk.askForVerdicts() }
    }

    /// The fields in which two engines differ, component by component, as `books.states…`, `strategies.maker.…`.
    public func differences(from other: Engine, limit: Int = 100) throws -> [FieldDifference] {
        let encoder = CanonicalEncoder()
        var result: [FieldDifference] = []
        func add<State: Encodable>(_ name: String, _ left: State, _ right: State) throws {
            let rest = limit - result.count
            guard rest > 0 else { return }
            for var difference in try encoder.differences(between: left, and: right, limit: rest) {
                difference.path = name + "." + difference.path
                result.append(difference)
            }
        }
        try add("books", desk.markets, other.desk.markets)
        try add("orders", desk.orderStore, other.desk.orderStore)
        try add("ledger", desk.ledger, other.desk.ledger)
        try add("risk", desk.risk, other.desk.risk)
        try add("links", desk.links, other.desk.links)
        try add("timers", desk.timers, other.desk.timers)
        for seat in seats {
            guard let match = other.seats.first(where: { $0.name == seat.name }) else { continue }
            try add("strategies." + seat.name, AnyState(seat.logic), AnyState(match.logic))
        }
        return result
    }

    /// A state whose type is known to itself only.
    private struct AnyState: Encodable {
        let state: any Encodable

        init(_ state: any Encodable) { self.state = state }

        func encode(to encoder: any Encoder) throws { try state.encode(to: encoder) }
    }
}
