public import Market

/// Requests that change how an account trades.
///
/// Each is answered with nothing but success or a code, but for the margin mode, which gives reasons.
///
/// - Source: bybit-v5 §6.5, §6.6, §6.7.
extension RESTRequest {
    /// `position/set-leverage`; equal on both sides in one-way mode and with cross margin.
    ///
    /// - Source: bybit-v5 §6.6; 110043 when it is so already.
    public init(leverage buy: Numeral, _ sell: Numeral, of instrument: InstrumentID) {
        self.init("/v5/position/set-leverage") { out in
            out.instrument(instrument)
            out.numeral("buyLeverage", buy)
            out.numeral("sellLeverage", sell)
        }
    }

    /// Whose position mode is switched.
    public enum PositionModeScope: Hashable, Sendable {
        case symbol(Symbol)
        /// Every contract that is settled in the coin.
        case coin(String)
    }

    /// `position/switch-mode`, of linear contracts; refused (110024, 110028) while there are positions or orders.
    public init(isHedged: Bool, in scope: PositionModeScope) {
        self.init("/v5/position/switch-mode") { out in
            out.text("category", Category.linear.name)
            switch scope {
            case .symbol(let symbol): out.text("symbol", symbol)
            case .coin(let coin): out.text("coin", coin)
            }
            out.integer("mode", isHedged ? 3 : 0)
        }
    }

    /// `position/add-margin`, of isolated positions; negative takes margin away.
    public init(addingMargin margin: Numeral, to instrument: InstrumentID, positionIndex: Int = 0) {
        self.init("/v5/position/add-margin") { out in
            out.instrument(instrument)
            out.numeral("margin", margin)
            out.integer("positionIdx", positionIndex)
        }
    }

    /// `position/set-auto-add-margin`, of isolated positions.
    public init(addsMargin: Bool, to instrument: InstrumentID, positionIndex: Int = 0) {
        self.init("/v5/position/set-auto-add-margin") { out in
            out.instrument(instrument)
            out.integer("autoAddMargin", addsMargin ? 1 : 0)
            out.integer("positionIdx", positionIndex)
        }
    }

    /// How an account's margin is counted.
    public enum MarginMode: String, Hashable, Sendable {
        case isolated = "ISOLATED_MARGIN"
        case cross = "REGULAR_MARGIN"
        case portfolio = "PORTFOLIO_MARGIN"
    }

    /// `account/set-margin-mode`.
    public init(marginMode: MarginMode) {
        self.init("/v5/account/set-margin-mode") { out in
            out.text("setMarginMode", marginMode.rawValue)
        }
    }

    /// `account/set-limit-px-action`: whether a limit order beyond the price limit is placed at the limit, or refused.
    ///
    /// - Source: bybit-v5 §6.9.
    public init(clampsPrices: Bool, of category: Category) {
        self.init("/v5/account/set-limit-px-action") { out in
            out.text("category", category.name)
            out.flag("modifyEnable", clampsPrices)
        }
    }

    /// What cancel-on-disconnect is set for.
    public enum ProtectedProduct: String, Hashable, Sendable {
        case options = "OPTIONS"
        case derivatives = "DERIVATIVES"
        case spot = "SPOT"
    }

    /// `order/disconnected-cancel-all`: the window behind which orders are cancelled once all connections that subscribed
    /// `dcp.…` are gone.
    ///
    /// - Parameter seconds: 3 to 300.
    public init(disconnectWindow seconds: Int, of product: ProtectedProduct) {
        self.init("/v5/order/disconnected-cancel-all") { out in
            out.text("product", product.rawValue)
            out.integer("timeWindow", seconds)
        }
    }

    /// `position/trading-stop`: exits of a position that is held; a price of zero takes one away.
    ///
    /// - Parameters:
    ///   - quantity: of `Partial` exits.
    ///   - trailingStop: distance of the price; zero takes it away.
    ///   - activePrice: from which it trails.
    public init(
        exitsOf instrument: InstrumentID,
        positionIndex: Int = 0,
        takeProfit: OrderTerms.Exit? = nil,
        stopLoss: OrderTerms.Exit? = nil,
        mode: String = "Full",
        quantity: Numeral? = nil,
        trailingStop: Numeral? = nil,
        activePrice: Numeral? = nil
    ) {
        var terms = OrderTerms()
        terms.positionIndex = positionIndex
        terms.takeProfit = takeProfit
        terms.stopLoss = stopLoss
        terms.exitMode = mode
        self.init("/v5/position/trading-stop") { out in
            out.instrument(instrument)
            terms.write(to: &out)
            if let quantity, takeProfit != nil { out.numeral("tpSize", quantity) }
            if let quantity, stopLoss != nil { out.numeral("slSize", quantity) }
            if let trailingStop { out.numeral("trailingStop", trailingStop) }
            if let activePrice { out.numeral("activePrice", activePrice) }
        }
    }

    /// True for requests that place, change or cancel orders.
    public var entersOrders: Bool {
        switch path {
        case "/v5/order/pre-check", "/v5/order/disconnected-cancel-all": false
        default: path.hasPrefix("/v5/order/") || path.hasPrefix("/v5/spread/order/")
        }
    }

    private init(_ path: String, _ fields: (inout WireWriter) -> Void) {
        self.init(endpoint: .other(path), body: WireWriter.object(fields))
    }
}

extension WireWriter {
    fileprivate mutating func instrument(_ instrument: InstrumentID) {
        text("category", instrument.category.name)
        text("symbol", instrument.symbol)
    }
}
