public import Market
import Trading

/// What an order came to, by its fills.
public struct OrderFills: Hashable, Sendable {
    public var quantity = Amount.zero
    /// Quote coin.
    public var value = Amount.zero
    public var count = 0

    mutating func add(_ quantity: Amount, _ value: Amount) {
        self.quantity = (try? self.quantity.adding(quantity)) ?? self.quantity
        self.value = (try? self.value.adding(value)) ?? self.value
        count += 1
    }
}

/// Fills by order and what they earned, valued at one price in the end: the same sums for what happened and for what a model
/// says.
///
/// Exact; of contracts of a quote coin and of spot.
struct FillTally {
    /// Look-ups only.
    private(set) var orders: [String: OrderFills] = [:]
    private var cash = ByInstrument<Amount>()
    private var held = ByInstrument<Amount>()
    private(set) var turnover = Amount.zero
    private(set) var fills = 0
    private var rows: [Row] = []

    private struct Row {
        var id: InstrumentID
        var linkID: String
        var side: Side
        var quantity: Amount
        var value: Amount
        var fee: Amount
    }

    init() {}

    mutating func add(_ row: ExecutionReport) {
        guard row.type.isFill, let quantity = try? Amount(row.quantity) else { return }
        add(
            row.instrument,
            row.orderLinkID,
            row.side,
            quantity: quantity,
            value: row.value,
            fee: row.fee
        )
    }

    mutating func add(
        _ id: InstrumentID,
        _ linkID: String,
        _ side: Side,
        quantity: Amount,
        value: Amount,
        fee: Amount
    ) {
        fills += 1
        rows.append(
            Row(id: id, linkID: linkID, side: side, quantity: quantity, value: value, fee: fee)
        )
        orders[linkID, default: OrderFills()].add(quantity, value)
        turnover = (try? turnover.adding(value)) ?? turnover
        let flow = side == .buy ? value.negated : value
        let place = cash.index(of: id, orInsert: .zero)
        cash.values[place] = (try? cash.values[place].adding(flow).subtracting(fee)) ?? .zero
        let other = held.index(of: id, orInsert: .zero)
        let signed = side == .buy ? quantity : quantity.negated
        held.values[other] = (try? held.values[other].adding(signed)) ?? .zero
    }

    /// The fills of some orders alone.
    func only(_ orders: Set<String>) -> FillTally {
        var tally = FillTally()
        for row in rows where orders.contains(row.linkID) {
            tally.add(
                row.id,
                row.linkID,
                row.side,
                quantity: row.quantity,
                value: row.value,
                fee: row.fee
            )
        }
        return tally
    }

    /// Cash and what is held at these prices; `nil` past all bounds.
    func earned(_ price: (InstrumentID) -> Numeral?) -> Amount? {
        var sum = Amount.zero
        do throws(NumberError) {
            for (id, amount) in zip(cash.keys, cash.values) {
                sum = try sum.adding(amount)
                guard let quantity = held[id], !quantity.isZero, let price = price(id) else {
                    continue
                }
                sum = try sum.adding(try Amount.value(price, quantity))
            }
        } catch { return nil }
        return sum
    }
}
