import Market
import Simulation

/// Random requests of several accounts, and the states that each order has been in.
struct RandomCrowd {
    private(set) var types: Set<String> = []
    private(set) var accepted = 0
    private(set) var executions = 0
    private(set) var liquidations = 0
    private(set) var deleveragings = 0
    private var accounts = [0, 1, 2].map { AccountID(index: $0) }
    private var state: UInt64
    private var links = 0
    private var open: [(account: AccountID, id: InstrumentID, order: String)] = []
    /// Filled so far, of every order that has been told and is not closed.
    private var filled: [String: Amount] = [:]
    private var ended: Set<String> = []
    private var listed: [Market.Category: [InstrumentID]] = [:]

    init(seed: UInt64) { state = seed }

    mutating func add(_ account: AccountID) {
        accounts.append(account)
        // The rich one stays, and the four newest.
        if accounts.count > 5 { accounts.remove(at: 1) }
    }

    private mutating func below(_ bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Int(Mix.spread(state).multipliedFullWidth(by: UInt64(bound)).high)
    }

    // MARK: - What is told

    /// No order goes on after its end, none loses a fill, none is filled beyond its size.
    mutating func read(_ output: inout ExchangeOutput) throws {
        for event in output.events {
            switch event.event {
            case .order(_, let told): try read(told.row)
            case .execution(_, let told):
                let row = told.row
                executions += 1
                types.insert(row.type.name)
                if row.type == .bustTrade { liquidations += 1 }
                if row.type == .adlTrade { deleveragings += 1 }
            case .listed, .delivered: listed = [:]
            case .notListed(let id, let error): throw BenchError("\(id) is not listed: \(error)")
            default: break
            }
        }
        output.removeAll()
    }

    private mutating func read(_ row: OrderUpdate) throws {
        guard !ended.contains(row.orderID) else {
            throw BenchError("order \(row.orderID) goes on after its end, \(row.status.name)")
        }
        let before = filled[row.orderID] ?? .zero
        let now = try Amount(row.filledQuantity)
        let whole = try Amount(row.quantity)
        guard now >= before else {
            throw BenchError("order \(row.orderID) has lost a fill")
        }
        if row.details?.marketUnit != "quoteCoin" {
            guard now <= whole, row.status != .filled || now == whole
            else {
                throw BenchError("order \(row.orderID) is filled beyond its size, or not whole")
            }
        }
        guard row.status.isClosed else {
            filled[row.orderID] = now
            return
        }
        filled[row.orderID] = nil
        ended.insert(row.orderID)
        if ended.count > 200_000 { ended.removeAll(keepingCapacity: true) }
    }

    // MARK: - What is asked

    mutating func request(_ exchange: inout SimulatedExchange, into output: inout ExchangeOutput) {
        if !open.isEmpty, below(3) == 0 || open.count > 300 { return change(&exchange, &output) }
        if listed.isEmpty {
            listed = Dictionary(grouping: exchange.listings.map(\.instrument.id), by: \.category)
        }
        let category = Market.Category.allCases[below(Market.Category.allCases.count)]
        guard let ids = listed[category], let listing = exchange.listing(ids[below(ids.count)]),
            let reference = exchange.reference(listing.instrument.id)
        else { return }
        let account = accounts[below(accounts.count)]
        let instrument = listing.instrument
        let isBuy = below(2) == 0
        let isMarket = below(6) == 0
        let tick = instrument.tickSize.units
        let near = (category == .spot ? reference.index : reference.mark).units / tick * tick
        let price = near + Int64(below(21) - 10) * tick
        guard price > 0 || category == .spread else { return }
        var options = OrderOptions()
        if category == .linear || category == .inverse {
            decorate(&options, near, tick, instrument)
        }
        options.selfMatch =
            category == .spread ? .none : SelfMatchPrevention.allCases[below(4)]
        let isAmount = category == .spot && isMarket && isBuy
        links += 1
        let reply = exchange.place(
            OrderRequest(
                instrument: instrument.id,
                orderLinkID: "b\(links)",
                side: isBuy ? .buy : .sell,
                type: isMarket ? .market : .limit,
                timeInForce: TimeInForce.known[below(4)],
                quantity: isAmount
                    ? Numeral(mantissa: Int64(10 + below(2_000)), decimals: 0)
                    : quantity(instrument, reference.index.units, isRich: account.index == 0),
                price: isMarket ? nil : instrument.scale.numeral(Price(units: price)),
                reduceOnly: options.takeProfit == nil && options.stopLoss == nil
                    && (category == .linear || category == .inverse) && below(8) == 0
            ),
            options,
            for: account,
            into: &output
        )
        guard reply.isAccepted else { return }
        accepted += 1
        open.append((account, instrument.id, reply.orderID))
    }

    /// Worth some hundred dollars; of a poor account now and then all that its leverage carries.
    private mutating func quantity(
        _ instrument: Instrument,
        _ index: Int64,
        isRich: Bool
    ) -> Numeral {
        let scale = instrument.scale
        var dollars = Int128(50 + below(2_000))
        if !isRich, below(4) == 0 { dollars *= 20 }
        var units = dollars * PowerOfTen.int128(scale.quantityDecimals)
        if instrument.id.category != .inverse {
            // A combination's index is a difference: as if its coin cost a thousand dollars.
            let price =
                instrument.id.category == .spread
                ? 1_000 * PowerOfTen.int128(scale.priceDecimals) : Int128(max(1, index))
            units = units * PowerOfTen.int128(scale.priceDecimals) / price
        }
        let step = Int128(instrument.quantityStep.units)
        let whole = max(1, units / step) * step
        return scale.numeral(Quantity(units: Int64(clamping: whole)))
    }

    /// Conditional orders and exits, now and then.
    private mutating func decorate(
        _ options: inout OrderOptions,
        _ mark: Int64,
        _ tick: Int64,
        _ instrument: Instrument
    ) {
        func at(_ ticks: Int) -> Numeral {
            instrument.scale.numeral(Price(units: max(tick, mark + Int64(ticks) * tick)))
        }
        switch below(8) {
        case 0:
            let ticks = below(200) - 100
            options.triggerPrice = at(ticks)
            options.triggerDirection = ticks > 0 ? 1 : 2
            options.triggerBy = TriggerSource.allCases[below(3)]
            options.closeOnTrigger = below(4) == 0
        case 1:
            options.exitMode = below(2) == 0 ? .full : .partial
            options.takeProfit = ExitTerms(price: at(below(400) - 200), by: .mark)
            options.stopLoss = ExitTerms(price: at(below(400) - 200), by: .last)
        default: break
        }
    }

    private mutating func change(
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) {
        let place = below(open.count)
        let order = open[place]
        if below(3) == 0, let instrument = exchange.listing(order.id)?.instrument,
            let mark = exchange.reference(order.id)?.mark.units
        {
            let tick = instrument.tickSize.units
            let price = mark / tick * tick + Int64(below(21) - 10) * tick
            _ = exchange.amend(
                AmendRequest(
                    instrument: order.id,
                    orderLinkID: "",
                    orderID: order.order,
                    quantity: below(2) == 0
                        ? instrument.scale.numeral(
                            Quantity(units: instrument.quantityStep.units * Int64(1 + below(40)))
                        ) : nil,
                    price: below(2) == 0
                        ? instrument.scale.numeral(Price(units: price)) : nil
                ),
                for: order.account,
                into: &output
            )
            return
        }
        open.swapAt(place, open.count - 1)
        open.removeLast()
        _ = exchange.cancel(
            CancelRequest(instrument: order.id, orderLinkID: "", orderID: order.order),
            for: order.account,
            into: &output
        )
    }
}

extension TimeInForce {
    fileprivate static let known: [TimeInForce] = [
        .goodTillCancelled, .immediateOrCancel, .fillOrKill, .postOnly,
    ]
}
