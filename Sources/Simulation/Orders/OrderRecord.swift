public import Market

/// The state of an order at one moment, as it is kept: its row is made when somebody asks.
public final class OrderRecord: Sendable {
    let order: AccountOrder
    private let facts: ListingFacts
    private let identifiers: Identifiers
    /// Of a combination's order: the leg that is meant, 1 or 2, and what it trades.
    private let leg: (number: Int, facts: ListingFacts)?

    init(
        _ order: AccountOrder,
        _ facts: ListingFacts,
        _ identifiers: Identifiers,
        leg: (number: Int, facts: ListingFacts)? = nil
    ) {
        self.order = order
        self.facts = facts
        self.identifiers = identifiers
        self.leg = leg
    }

    public var instrument: InstrumentID { leg?.facts.id ?? facts.id }

    /// It is the order of a combination's leg, not one that an account has placed.
    public var isLeg: Bool { leg != nil }

    var orderID: String {
        let id = identifiers.id(of: order)
        return leg.map { "\(id)-\($0.number)" } ?? id
    }

    /// Empty on legs.
    var orderLinkID: String { leg == nil ? order.orderLinkID : "" }

    public var row: OrderUpdate {
        if let leg, let legs = order.legs {
            let isFirst = leg.number == 1
            return order.row(
                of: isFirst ? legs.first : legs.second,
                isFirst ? order.side : order.side.opposite,
                id: orderID,
                leg.facts,
                quantity: facts.quantity(order.quantity, ofLeg: leg.facts)
            )
        }
        return order.row(facts, identifiers)
    }
}

extension OrderRecord: CustomDebugStringConvertible {
    /// That of its row.
    public var debugDescription: String { String(reflecting: row) }
}

extension Identifiers {
    func id(of order: AccountOrder) -> String {
        text(.order, place: order.account, number: order.serial)
    }
}

extension AccountOrder {
    fileprivate func row(_ state: ListingFacts, _ identifiers: Identifiers) -> OrderUpdate {
        let scale = state.scale
        let isByValue = budget != nil
        let wanted =
            budget.map { Numeral(rounding: $0) } ?? scale.numeral(Quantity(units: quantity))
        let left = status.isClosed || isByValue ? 0 : leaves
        var row = OrderUpdate(
            instrument: state.id,
            orderID: identifiers.id(of: self),
            orderLinkID: orderLinkID,
            side: side,
            type: type.word,
            timeInForce: timeInForce.word,
            status: status.word,
            price: scale.numeral(Price(units: price)),
            quantity: wanted,
            averagePrice: state.valuation.average(of: filledValue, quantity: filled),
            leavesQuantity: scale.numeral(Quantity(units: left)),
            filledQuantity: scale.numeral(Quantity(units: filled)),
            filledValue: filledValue,
            filledFee: filledFee,
            rejectReason: rejectReason.rawValue,
            cancelType: cancelType.rawValue,
            reduceOnly: reduceOnly,
            positionIndex: Int(positionIndex),
            createdMilliseconds: createdMilliseconds,
            updatedMilliseconds: updatedMilliseconds
        )
        row.details = details(state)
        row.lastPriceOnCreated = scale.numeral(Price(units: lastPrice))
        row.closedPnL = closedPnL
        return row
    }

    /// The order of a leg: one of its own, which stands and ends with the combination's.
    ///
    /// - Parameter quantity: the combination's, in the leg's scale.
    fileprivate func row(
        of leg: Leg,
        _ side: Side,
        id: String,
        _ state: ListingFacts,
        quantity: Int64
    ) -> OrderUpdate {
        let isSpot = state.category == .spot
        var status = status
        if status == .cancelled, isSpot { status = .partiallyFilledCanceled }
        var row = OrderUpdate(
            instrument: state.id,
            orderID: id,
            orderLinkID: "",
            side: side,
            type: type.word,
            timeInForce: timeInForce.word,
            status: status.word,
            price: state.scale.numeral(Price(units: leg.price)),
            quantity: state.scale.numeral(Quantity(units: quantity)),
            averagePrice: state.valuation.average(of: leg.filledValue, quantity: leg.filled),
            leavesQuantity: state.scale.numeral(
                Quantity(units: status.isClosed ? 0 : quantity - leg.filled)
            ),
            filledQuantity: state.scale.numeral(Quantity(units: leg.filled)),
            filledValue: leg.filledValue,
            filledFee: leg.filledFee,
            rejectReason: rejectReason.rawValue,
            cancelType: cancelType.rawValue,
            createdMilliseconds: createdMilliseconds,
            updatedMilliseconds: updatedMilliseconds
        )
        row.closedPnL = leg.closedPnL
        row.details = OrderDetails(
            createType: CreateType.spread.rawValue,
            feeCoin: isSpot
                ? (side == .buy ? state.instrument.baseCoin : state.instrument.quoteCoin)
                : state.instrument.settleCoin
        )
        return row
    }

    /// `nil` for a plain order, whose row says nothing more.
    private func details(_ state: ListingFacts) -> OrderDetails? {
        guard
            stop != nil || exits != nil || closeOnTrigger || selfMatch != .none
                || createType != .user || state.id.category == .spot || !selfMatchID.isEmpty
        else { return nil }
        let scale = state.scale
        func numeral(_ units: Int64?) -> Numeral? { units.map { scale.numeral(Price(units: $0)) } }
        let isSpot = state.id.category == .spot
        return OrderDetails(
            stopOrderType: stop?.kind.rawValue ?? "",
            createType: createType.rawValue,
            triggerPrice: numeral(stop?.price),
            triggerBy: stop?.by.rawValue ?? "",
            triggerDirection: stop.map { $0.rises ? 1 : 2 } ?? 0,
            takeProfit: numeral(exits?.takeProfit?.price),
            stopLoss: numeral(exits?.stopLoss?.price),
            takeProfitLimit: numeral(exits?.takeProfit?.limit),
            stopLossLimit: numeral(exits?.stopLoss?.limit),
            takeProfitBy: exits?.takeProfit?.by.rawValue ?? "",
            stopLossBy: exits?.stopLoss?.by.rawValue ?? "",
            exitMode: exits?.mode.rawValue ?? "",
            closeOnTrigger: closeOnTrigger,
            selfMatchPrevention: selfMatch.rawValue,
            marketUnit: isSpot && type == .market ? (budget == nil ? "baseCoin" : "quoteCoin") : "",
            feeCoin: isSpot
                ? (side == .buy ? state.instrument.baseCoin : state.instrument.quoteCoin)
                : state.instrument.settleCoin,
            parentOrderLinkID: stop?.parentLinkID ?? "",
            selfMatchOrderID: selfMatchID
        )
    }
}
