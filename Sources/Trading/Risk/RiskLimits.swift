public import Market

/// The ceilings that each new order and each amendment must stay under.
///
/// What is not set is not checked.
///
/// | name | unit | what is held against it |
/// | --- | --- | --- |
/// | `order_quantity` | base coin, per symbol | quantity of the order |
/// | `order_value` | quote coin, per symbol | quantity × price; × mark or touch for a market order |
/// | `position_quantity` | base coin, per symbol | the account's position if all open orders of that side fill |
/// | `position_value` | quote coin, per symbol | the same × mark price |
/// | `open_orders` | orders | orders of the account that may still trade, this one included |
/// | `daily_loss` | settle coin | loss since 00:00 UTC: realised + unrealised − fees − funding; on the first day since the opening |
///
/// A value is a number, or one for each symbol: `0.5` or `BTCUSDT=0.5,ETHUSDT=5`. Cancels always pass, and so does
/// what can only reduce a position.
///
/// Positions are net ones. So of a contract in hedge mode, which has one for each side, nothing passes but what reduces one
/// of them (`reduceOnly`: a purchase the short, a sale the long one); the verdict names `position_mode`, which is no setting.
public struct RiskLimits: Hashable, Sendable, Codable {
    public var orderQuantity: PerSymbol<Amount>?
    public var orderValue: PerSymbol<Amount>?
    public var positionQuantity: PerSymbol<Amount>?
    public var positionValue: PerSymbol<Amount>?
    public var openOrders: Int?
    public var dailyLoss: Amount?

    public init() {}

    public static let names = [
        "order_quantity", "order_value", "position_quantity", "position_value", "open_orders",
        "daily_loss",
    ]

    public init(_ settings: [Setting]) throws(SettingError) {
        self.init()
        for (place, setting) in settings.enumerated() {
            guard !settings[..<place].contains(where: { $0.name == setting.name }) else {
                throw RiskLimits.error(setting, "", .repeated)
            }
            switch setting.name {
            case "order_quantity": orderQuantity = try RiskLimits.perSymbol(setting)
            case "order_value": orderValue = try RiskLimits.perSymbol(setting)
            case "position_quantity": positionQuantity = try RiskLimits.perSymbol(setting)
            case "position_value": positionValue = try RiskLimits.perSymbol(setting)
            case "open_orders":
                guard let count = Int(setting.value), count >= 0 else {
                    throw RiskLimits.error(
                        setting,
                        "a whole number of 0 or more, such as 12",
                        .malformed
                    )
                }
                openOrders = count
            case "daily_loss":
                guard let amount = Amount(parameter: setting.value), amount >= .zero else {
                    throw RiskLimits.error(
                        setting,
                        "an amount of 0 or more, such as 2500.00",
                        .malformed
                    )
                }
                dailyLoss = amount
            default:
                throw RiskLimits.error(
                    setting,
                    RiskLimits.names.joined(separator: ", "),
                    .unknown
                )
            }
        }
    }

    private static func perSymbol(
        _ setting: Setting
    ) throws(SettingError) -> PerSymbol<Amount> {
        guard let value = PerSymbol<Amount>(parameter: setting.value),
            (value.common ?? .zero) >= .zero, value.entries.allSatisfy({ $0.value >= .zero })
        else {
            throw error(
                setting,
                "a number of 0 or more, such as 0.5, or one for each symbol: BTCUSDT=0.5,ETHUSDT=5",
                .malformed
            )
        }
        return value
    }

    private static func error(
        _ setting: Setting,
        _ allowed: String,
        _ problem: SettingError.Problem
    ) -> SettingError {
        SettingError(
            owner: "limits",
            name: setting.name,
            value: setting.value,
            allowed: allowed,
            problem: problem
        )
    }
}

/// What risk remembers from one day to the next.
struct RiskState: Hashable, Sendable, Codable {
    /// Days since 1970-01-01 UTC by the core's clock.
    var day: Int64 = .min
    /// Per settle coin: the total P&L when the day began; on the day of the opening, when the ledger opened.
    var dayBase = OrderedTable<String, Amount>()
    /// Positions that were held then and had no price: the first one that comes completes the base.
    var unpriced = OrderedTable<PositionID, Unpriced>()
    var allowed: Int64 = 0
    var rejected: Int64 = 0

    /// A position that cannot be valued yet.
    struct Unpriced: Hashable, Sendable, Codable {
        var position: Position
        /// The exchange's mark price that was told with it: what it counts from, once the total can follow.
        var mark: Numeral?
    }

    init() {}

    /// Also as checkpoints of before behaviour version 7 have it.
    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        day = try values.decode(Int64.self, forKey: .day)
        dayBase = try values.decode(OrderedTable<String, Amount>.self, forKey: .dayBase)
        unpriced =
            try values.decodeIfPresent(OrderedTable<PositionID, Unpriced>.self, forKey: .unpriced)
            ?? OrderedTable()
        allowed = try values.decode(Int64.self, forKey: .allowed)
        rejected = try values.decode(Int64.self, forKey: .rejected)
    }
}
