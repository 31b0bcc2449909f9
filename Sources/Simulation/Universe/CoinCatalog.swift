import Market

/// What is needed of a coin to list its contracts; filters as in summer 2026.
struct CoinRow {
    var name: String
    /// Price at level 1, in US dollars.
    var price: String
    /// Of the perpetual: step of the price and of the quantity, most of a limit and of a market order.
    var tick: String
    var step: String
    var most: String
    var marketMost: String
    var symbolID: Int
    var leverageMax: Int64
    /// Limit ratios in hundredths.
    var ratios: (x: Int64, y: Int64)
    var launch: Int64
    /// Quantity of the smallest usual order, a multiple of the step.
    var lot: String
    var texture: BookTexture
    /// Orders that arrive, change or leave in a second of calm.
    var eventsPerSecond: Int64
    /// Of 1,000 events, those that take.
    var takersPerThousand: Int64
    /// Of one second of calm, and of one of a trend, in 10⁻⁹.
    var volatility: Int64
    var stirredVolatility: Int64
}

enum CoinCatalog {
    /// The first `count` coins, the largest first; beyond those with names of their own come `C24`, `C25`, ….
    static func rows(_ count: Int) -> [CoinRow] {
        (0..<max(1, count)).map { $0 < named.count ? named[$0] : numbered($0) }
    }

    private static let named: [CoinRow] = table.split(separator: "\n").map { line in
        let words = line.split(separator: " ").map { String($0) }
        return row(words, number: { Int64(words[$0]) ?? 0 })
    }

    // Name, price, tick, step, most of a limit order and of a market order, symbol id, leverage, both limit ratios in
    // hundredths, launch, lot.
    private static let table = """
        BTC      65114    0.1      0.001 1500      150      5   100 1  2  1584230400000 0.001
        ETH      1923     0.01     0.01  10000     2000     6   100 2  4  1615766400000 0.01
        SOL      82.5     0.01     0.1   96000     12000    38  100 5  10 1634256000000 0.1
        XRP      1.953    0.0001   0.1   7500000   1500000  8   100 5  10 1620898440000 10
        DOGE     0.07054  0.00001  1     43678900  5991100  33  75  5  10 1622630640000 100
        1000PEPE 0.003911 0.000001 100   110000000 42000000 310 50  5  10 1683108271000 1000
        ADA      0.2610   0.0001   1     1500000   590000   27  75  5  10 1610668800000 20
        AVAX     7.610    0.001    0.1   110000    22000    52  50  2  10 1631664000000 1
        LINK     8.420    0.001    0.1   41000     15000    26  50  5  10 1514764800000 1
        BNB      581.2    0.1      0.01  940       370      36  50  5  10 1624951080000 0.01
        SUI      0.9120   0.0001   10    330000    66000    309 50  5  10 1683029724000 10
        LTC      51.30    0.01     0.1   8800      3000     24  50  5  10 1514764800000 0.1
        DOT      1.2310   0.0001   0.1   198890    32140    28  50  5  10 1616060040000 5
        NEAR     1.4120   0.0001   0.1   469060    66470    68  50  5  10 1633910400000 5
        APT      1.1020   0.0001   0.01  800000    160000   252 50  5  10 1666107272000 5
        ARB      0.10210  0.00001  0.1   21500000  4300000  305 50  5  10 1679563660000 50
        OP       0.13020  0.00001  0.1   1080000   540000   212 50  5  10 1654059063000 50
        WIF      0.21040  0.00001  1     1500000   300000   418 50  5  10 1704965504000 20
        ENA      0.11030  0.00001  1     3500000   700000   466 50  10 20 1712050966000 50
        HYPE     31.220   0.001    0.01  73500     14700    654 75  5  10 1733316740000 0.2
        BCH      312.4    0.1      0.01  6500      1300     23  50  5  10 1514764800000 0.02
        UNI      3.140    0.001    0.1   32000     11000    29  50  5  10 1638230400000 2
        TRX      0.29870  0.00001  1     1500000   460000   40  75  5  10 1628726400000 20
        """

    private static func row(_ words: [String], number: (Int) -> Int64) -> CoinRow {
        let name = words[0]
        let isLarge = name == "BTC" || name == "ETH"
        return CoinRow(
            name: name,
            price: words[1],
            tick: words[2],
            step: words[3],
            most: words[4],
            marketMost: words[5],
            symbolID: Int(number(6)),
            leverageMax: number(7),
            ratios: (number(8), number(9)),
            launch: number(10),
            lot: words[11],
            texture: isLarge ? .scattered : .dense,
            eventsPerSecond: isLarge ? 150 : name == "DOGE" || name == "XRP" ? 70 : 30,
            takersPerThousand: isLarge ? 13 : 18,
            // Of the order of a twentieth of a tick; where the tick is large, of a third.
            volatility: name == "BTC" ? 80 : name == "ETH" ? 240 : name == "DOGE" ? 5_000 : 150,
            stirredVolatility: isLarge ? 24_000 : 45_000
        )
    }

    /// A small coin with ticks of about a thousandth.
    private static func numbered(_ number: Int) -> CoinRow {
        let price = "\(1 + number % 9).\(100 + number % 800)"
        let words = [
            "C\(number)", price, "0.001", "0.1", "500000", "100000", "\(1_000 + number)", "25", "5",
            "10", "1735689600000", "1",
        ]
        var row = row(words, number: { Int64(words[$0]) ?? 0 })
        row.eventsPerSecond = 15
        return row
    }
}
