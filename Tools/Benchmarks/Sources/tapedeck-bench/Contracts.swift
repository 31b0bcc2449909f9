import Market

/// The twenty contracts of the kit's generator, with their steps of price and quantity.
enum Contracts {
    static let table: [(symbol: String, tick: String, step: String)] = [
        ("BTCUSDT", "0.10", "0.001"), ("ETHUSDT", "0.01", "0.01"), ("SOLUSDT", "0.01", "0.1"),
        ("XRPUSDT", "0.0001", "0.1"), ("DOGEUSDT", "0.00001", "1"),
        ("1000PEPEUSDT", "0.0000001", "100"), ("ADAUSDT", "0.0001", "1"),
        ("AVAXUSDT", "0.001", "0.1"), ("LINKUSDT", "0.001", "0.1"), ("BNBUSDT", "0.10", "0.01"),
        ("SUIUSDT", "0.0001", "10"), ("LTCUSDT", "0.01", "0.1"), ("DOTUSDT", "0.001", "0.1"),
        ("NEARUSDT", "0.001", "0.1"), ("APTUSDT", "0.001", "0.01"), ("ARBUSDT", "0.0001", "0.1"),
        ("OPUSDT", "0.0001", "0.1"), ("TONUSDT", "0.0001", "0.1"), ("WIFUSDT", "0.0001", "1"),
        ("ENAUSDT", "0.0001", "1"),
    ]

    static func instruments() throws -> [Instrument] {
        try table.map { row in
            guard let symbol = Symbol(row.symbol) else { throw BenchError("\(row.symbol)") }
            return try Instrument(
                id: InstrumentID(.linear, symbol),
                baseCoin: String(row.symbol.dropLast(4)),
                quoteCoin: "USDT",
                settleCoin: "USDT",
                contractType: "LinearPerpetual",
                tickSize: Numeral(text: row.tick),
                quantityStep: Numeral(text: row.step)
            )
        }
    }

    /// The kit's digest of best bid, best ask and last update id: equal books give equal digests.
    static func digest(_ books: [(bid: Int64, ask: Int64, updateID: Int64)]) -> String {
        var hash: UInt64 = 1_469_598_103_934_665_603
        for book in books {
            for value in [book.bid, book.ask, book.updateID] {
                hash = (hash ^ UInt64(bitPattern: value)) &* 1_099_511_628_211
            }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// A price in units of 10⁻⁸, as the kit counts; 0 for none.
    static func eighths(_ level: Level?, _ scale: Scale) -> Int64 {
        guard let level else { return 0 }
        return level.price.units * PowerOfTen.int64(8 - scale.priceDecimals)
    }
}
