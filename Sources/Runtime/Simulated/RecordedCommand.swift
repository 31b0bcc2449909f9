import JSON
import Market

/// A command as it was recorded on `desk/command`, as far as it is a request of order entry.
struct RecordedCommand {
    var strategy: String
    var action: Command.Action

    /// `nil` for look-ups, timers and subscriptions, and for a record that cannot be read.
    init?(_ payload: UnsafeRawBufferPointer, _ parser: JSONParser) {
        let read: RecordedCommand?
        do throws(JSONError) {
            read = try parser.parse(payload) { root throws(JSONError) -> RecordedCommand? in
                try RecordedCommand(root)
            }
        } catch { return nil }
        guard let read else { return nil }
        self = read
    }

    private init?(_ root: JSONValue) throws(JSONError) {
        strategy = try root.string("strategy")
        let word = try root.string("action")
        guard ["place", "amend", "cancel"].contains(word),
            let category = Category(name: try root.string("category")),
            let symbol = Symbol(try root.string("symbol"))
        else { return nil }
        let instrument = InstrumentID(category, symbol)
        let linkID = try root.string("order_link_id")
        let quantity = try root["quantity"]?.numeral()
        let price = try root["price"]?.numeral()
        switch word {
        case "place":
            guard let side = Side(name: try root.string("side")), let quantity else { return nil }
            action = .place(
                OrderRequest(
                    instrument: instrument,
                    orderLinkID: linkID,
                    side: side,
                    type: price == nil ? .market : .limit,
                    timeInForce: TimeInForce(name: try root.string("time_in_force")),
                    quantity: quantity,
                    price: price,
                    reduceOnly: try root.bool("reduce_only")
                )
            )
        case "amend":
            action = .amend(
                AmendRequest(
                    instrument: instrument,
                    orderLinkID: linkID,
                    quantity: quantity,
                    price: price
                )
            )
        default: action = .cancel(CancelRequest(instrument: instrument, orderLinkID: linkID))
        }
    }
}

extension Command.Action {
    /// The client order id of a request of order entry; empty for everything else.
    var orderLinkID: String {
        switch self {
        case .place(let request): request.orderLinkID
        case .amend(let request): request.orderLinkID
        case .cancel(let request): request.orderLinkID
        case .lookUp, .resubscribe, .setTimer: ""
        }
    }
}
