import Market

/// One candle of `kline.{interval}.{symbol}`. - Source: bybit-v5 §3.4.
extension Candle: WireRow {
    static func blank(category: Category) -> Candle {
        Candle(
            startMilliseconds: 0,
            endMilliseconds: 0,
            interval: "",
            open: .zero,
            high: .zero,
            low: .zero,
            close: .zero,
            volume: .zero,
            turnover: .zero,
            isConfirmed: false,
            timeMilliseconds: 0
        )
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.integer("start", &startMilliseconds, .required)
        coder.integer("end", &endMilliseconds, .required)
        coder.text("interval", &interval, .required)
        coder.numeral("open", &open, .required)
        coder.numeral("close", &close, .required)
        coder.numeral("high", &high, .required)
        coder.numeral("low", &low, .required)
        coder.amount("volume", &volume, .required)
        coder.amount("turnover", &turnover, .required)
        coder.flag("confirm", &isConfirmed)
        coder.integer("timestamp", &timeMilliseconds, .optional)
    }
}
