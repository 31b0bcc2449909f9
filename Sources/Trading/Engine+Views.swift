public import Market

extension Engine {
    /// Time and place of the last record.
    public var time: Timestamp { desk.time }
    public var cause: SequenceNumber { desk.cause }

    public var instruments: [Instrument] { desk.instruments }

    public func instrument(_ id: InstrumentID) -> Instrument? { desk.instrument(id) }

    /// What the public streams say, sorted by instrument.
    public var markets: [(instrument: InstrumentID, state: MarketState)] {
        desk.markets.states.keys.indices.map {
            (desk.markets.states.keys[$0], desk.markets.states.values[$0])
        }
    }

    /// Orders that may still trade and the last closed ones, in the order in which they became known.
    public var orders: [Order] { desk.orderStore.orders }

    /// Orders of this session's strategies that are not closed: none of them at the end of a clean stop.
    public var openOrders: [Order] {
        desk.orderStore.orders.filter { !$0.isClosed && $0.strategy != Order.external }
    }

    public var ledger: Ledger { desk.ledger }

    /// The contract has two positions, one for each side, as far as the exchange has told.
    ///
    /// Without a copy of the ledger: it is asked behind each command of an order that reduces.
    public func isHedged(_ instrument: InstrumentID) -> Bool { desk.ledger.isHedged(instrument) }

    /// Instruments with an order that may still trade, or with a position; sorted.
    public var exposedInstruments: [InstrumentID] {
        var exposed: Set<InstrumentID> = []
        for serial in desk.orderStore.active {
            guard let place = desk.orderStore.place(ofSerial: serial) else { continue }
            if !desk.orderStore[place].isClosed {
                exposed.insert(desk.orderStore[place].instrument)
            }
        }
        for place in desk.ledger.accounts.keys.indices {
            let account = desk.ledger.accounts.values[place]
            if (0...2).contains(where: { !account[$0].isFlat }) {
                exposed.insert(desk.ledger.accounts.keys[place])
            }
        }
        return exposed.sorted()
    }

    /// Realised + unrealised − fees − funding in a coin, since the session began; `nil` past all bounds.
    public func total(_ coin: String) -> Amount? {
        do {
            return try desk.ledger.total(coin) { desk.markets.reference($0) }
        } catch {
            return nil
        }
    }

    /// The price at which open positions are valued: mark, else last.
    public func reference(_ id: InstrumentID) -> Numeral? { desk.markets.reference(id) }

    /// Timers that are set; a session that goes on after a restart arms them again.
    public var timers: [Timers.Timer] { desk.timers.pending }

    /// Why new orders are rejected; `nil` when they are not.
    public var haltReason: String? { desk.haltReason }

    /// The socket of this name is connected.
    public func isConnected(_ socket: String) -> Bool { desk.links.isAlive(socket) }

    /// All replies that a reconnect asked for have been merged.
    public var isReconciled: Bool { desk.links.isReconciled }

    /// The operator asked for the end: strategies are told nothing more.
    public var isStopping: Bool { desk.links.isStopping }

    /// Counts of verdicts so far.
    public var verdicts: (allowed: Int64, rejected: Int64) {
        (desk.risk.allowed, desk.risk.rejected)
    }

    /// Records of a kind that this version does not know, by stream.
    public var unknownRecords: [(stream: String, count: Int64)] {
        desk.links.unknown.keys.indices.map {
            (desk.links.unknown.keys[$0], desk.links.unknown.values[$0])
        }
    }
}
