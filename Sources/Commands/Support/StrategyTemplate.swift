import Foundation

/// The package that `init strategy NAME` writes: a strategy, and a program with every command.
struct StrategyTemplate {
    var files: [(path: String, text: String)] = []

    /// - Parameter tapedeck: a checkout of this package; `nil`: a folder `tapedeck` beside the new one.
    init(name: String, tapedeck: String?) throws {
        let letters = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "_")
        }
        guard letters, let first = name.first, first.isLetter, name.utf8.count <= 32,
            !["commands", "trading", "market", "maker"].contains(name)
        else {
            throw Failure(
                .usage,
                "\(name) is not a name for a strategy",
                do:
                    "Write up to 32 of a-z, 0-9 and _, a letter first, such as momentum; maker is taken."
            )
        }
        let type = name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
            .joined()
        let place = tapedeck.map { URL(filePath: $0).path } ?? "../tapedeck"
        let quoted = place.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let texts = [
            ("Package.swift", StrategyTemplate.package),
            ("Sources/\(name)/main.swift", StrategyTemplate.main),
            ("Sources/\(name)/\(type).swift", StrategyTemplate.strategy),
            ("session.yaml", StrategyTemplate.session),
            ("README.md", StrategyTemplate.readme),
        ]
        files = texts.map { path, text in
            (
                path,
                text.replacing("TAPEDECK", with: quoted).replacing("NAME", with: name)
                    .replacing("TYPE", with: type)
            )
        }
    }

    private static let package = """
        // swift-tools-version: 6.2
        import PackageDescription

        let package = Package(
            name: "NAME",
            dependencies: [.package(name: "tapedeck", path: "TAPEDECK")],
            targets: [
                .executableTarget(
                    name: "NAME",
                    dependencies: [.product(name: "Tapedeck", package: "tapedeck")]
                )
            ]
        )

        """

    static let main = """
        import Commands

        // The whole command line of Tapedeck, with this strategy beside its own.
        TapedeckMain.run(strategies: [TYPE.self])

        """

    static let strategy = """
        import Market
        import Trading

        /// Keeps one bid some ticks below the best one and places it anew as the market moves: a beginning, which earns nothing.
        ///
        /// A strategy is a value and its own state. It knows what `Desk` and its arguments say and nothing else: no clock
        /// (`desk.time`), no randomness, no file, so that a recording leads it to the same orders.
        struct TYPE: Strategy {
            static let kind = "NAME"

            struct Parameters: StrategyParameters {
                var symbols = ParameterList<Symbol>([Symbol("BTCUSDT")].compactMap { $0 })
                var quantity = Numeral(mantissa: 10, decimals: 3)
                var ticks = 50
                var pauseMilliseconds: Int64 = 2_000

                static var declared: [Parameter<Self>] {
                    [
                        Parameter("symbols", \\.symbols, "linear perpetuals to bid for"),
                        Parameter("quantity", \\.quantity, "base coin of the bid"),
                        Parameter("ticks", \\.ticks, in: 1...10_000, "ticks below the best bid"),
                        Parameter(
                            "pause_ms",
                            \\.pauseMilliseconds,
                            in: 100...60_000,
                            "milliseconds between two looks"
                        ),
                    ]
                }
            }

            private static let timer = "look"

            let parameters: Parameters

            init(parameters: Parameters) { self.parameters = parameters }

            mutating func started(_ desk: inout Desk) {
                desk.setTimer(TYPE.timer, afterMilliseconds: parameters.pauseMilliseconds)
            }

            mutating func timerFired(_ name: String, _ desk: inout Desk) {
                for symbol in parameters.symbols.elements { look(InstrumentID(.linear, symbol), &desk) }
                desk.setTimer(TYPE.timer, afterMilliseconds: parameters.pauseMilliseconds)
            }

            mutating func filled(_ fill: Fill, _ desk: inout Desk) {
                desk.note("filled \\(fill.quantity) at \\(fill.price)")
            }

            /// Cancels the bid that stands, or places one where none does.
            private func look(_ id: InstrumentID, _ desk: inout Desk) {
                let mine = desk.orders.filter { $0.instrument == id && !$0.isClosed }
                guard mine.isEmpty else {
                    for order in mine where !order.isBusy { desk.cancel(order.orderLinkID) }
                    return
                }
                guard !desk.isHalted, let instrument = desk.instrument(id),
                    let best = desk.book(id)?.bestBid,
                    let units = try? parameters.quantity.units(
                        decimals: instrument.scale.quantityDecimals
                    )
                else { return }
                let away = Int64(parameters.ticks) * instrument.tickSize.units
                let price = Price(units: best.price.units - away)
                guard price.units > 0 else { return }
                _ = desk.place(.buy, Quantity(units: units), of: id, at: price, .postOnly)
            }
        }

        """

    private static let session = """
        # `tapedeck serve --synthetic --plain --port 8443 --account KEY:SECRET` is an exchange to try it on.
        endpoint: http://127.0.0.1:8443
        credentials: main
        credentials_file: credentials
        strategies:
          NAME:
            kind: NAME
            symbols: BTCUSDT
        limits:
          order_value: 2000
          position_value: 5000
          open_orders: 5

        """

    private static let readme = """
        # NAME

        A strategy for Tapedeck, in `Sources/NAME/TYPE.swift`, and a program with every command of Tapedeck and this
        strategy beside the others.

        The exchange in a box, and a session on it:

        ```sh
        tapedeck serve --synthetic --plain --port 8443 --account KEY:SECRET &
        printf '[main]\\nkey = KEY\\nsecret = SECRET\\nenvironment = loopback\\n' > credentials
        chmod 600 credentials
        swift run NAME trade session.yaml --for 1m --out first
        ```

        What it did, and the same again from the recording, after each change of the code:

        ```sh
        swift run NAME pnl first
        swift run NAME replay first
        ```

        `Package.swift` names the folder of Tapedeck: `TAPEDECK`.

        """
}
