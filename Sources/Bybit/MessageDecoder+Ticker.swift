import JSON
import Market

extension MessageDecoder {
    /// The usual push of a ticker, from bytes to fields without a node between; false when it is not usual.
    func decodeTickerFast(
        _ payload: UnsafeRawBufferPointer,
        _ route: StreamRoute,
        _ event: inout Event
    ) -> Bool {
        guard let push = parser.ticker(payload) else { return false }
        event.ticker.reset()
        var symbol = Symbol.none
        for member in push.members {
            let name = push.bytes(of: member.name)
            guard let field = TickerNames.field(of: name) else {
                if symbol.isNone, TickerMessage.isSymbol(name) {
                    guard let found = Symbol(bytes: push.bytes(of: member.value)) else {
                        return false
                    }
                    symbol = found
                }
                continue
            }
            let isTaken = TickerMessage.take(
                field,
                push.bytes(of: member.value),
                member.isNumber ? member.number : nil,
                &event.ticker
            )
            guard isTaken else { return false }
        }
        guard !symbol.isNone, route.symbol.isNone || symbol == route.symbol else { return false }
        event.kind = .ticker
        event.symbol = route.symbol
        event.exchangeMilliseconds = push.ts
        event.ticker.crossSequence = push.crossSequence
        event.ticker.isSnapshot = push.isSnapshot
        return true
    }
}

extension TickerMessage {
    static func isSymbol(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count == 6 && name.elementsEqual("symbol".utf8)
    }

    /// Takes in a field that is a string without an escape; false where it is not what its name promises.
    ///
    /// - Parameter number: the text, where it is a decimal of at most 18 digits.
    static func take(
        _ field: TickerField,
        _ text: UnsafeRawBufferPointer,
        _ number: Numeral?,
        _ ticker: inout TickerUpdate
    ) -> Bool {
        guard !text.isEmpty else {
            ticker.cleared.insert(TickerFields(field))
            return true
        }
        switch field {
        case .volume24h:
            guard let amount = try? Amount(text: text) else { return false }
            ticker.volume24h = amount
        case .turnover24h:
            guard let amount = try? Amount(text: text) else { return false }
            ticker.turnover24h = amount
        case .tickDirection: ticker.tickDirection = String(decoding: text, as: UTF8.self)
        case .preListingPhase: ticker.preListingPhase = String(decoding: text, as: UTF8.self)
        case .nextFundingTime:
            guard let time = JSONNumber.int64(text) else { return false }
            ticker.nextFundingTime = time
        // Has two forms.
        case .deliveryTime: return false
        default:
            guard let number else { return false }
            take(field, number, &ticker)
        }
        return true
    }
}
