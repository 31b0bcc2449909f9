import Market
import Simulation

/// A row of `instruments-info`, from a listing and its terms.
///
/// - Source: bybit-v5 §6.3; keys in the order of the real rows.
enum InstrumentBody {
    /// - Parameter isPersonal: of `account/instruments-info`, which has two keys more.
    static func write(_ listing: Listing, isPersonal: Bool = false, _ json: inout JSONWriter) {
        json.object { json in
            switch listing.instrument.id.category {
            case .spot: spot(listing, &json)
            case .option: option(listing, &json)
            case .linear, .inverse, .spread: contract(listing, &json)
            }
            guard isPersonal else { return }
            json.field("isPublicRpi", false)
            json.field("myRpiPermission", false)
        }
    }

    private static func contract(_ listing: Listing, _ json: inout JSONWriter) {
        let instrument = listing.instrument
        let terms = listing.terms
        let isPerpetual = instrument.deliveryTime == .zero
        head(instrument, &json) { $0.field("contractType", instrument.contractType) }
        json.field("launchTime", String(terms.launchMilliseconds))
        json.field("deliveryTime", String(instrument.deliveryTime.milliseconds))
        json.field("deliveryFeeRate", isPerpetual ? "" : terms.deliveryFeeRate.description)
        json.field("priceScale", String(terms.priceScale))
        json.field(
            "leverageFilter",
            object: { json in
                json.field("minLeverage", terms.leverageMin)
                json.field("maxLeverage", terms.leverageMax)
                json.field("leverageStep", terms.leverageStep)
            }
        )
        prices(instrument, &json)
        json.field(
            "lotSizeFilter",
            object: { json in
                json.field("maxOrderQty", quantity(instrument.quantityMax, instrument))
                json.field("minOrderQty", quantity(instrument.quantityMin, instrument))
                json.field("qtyStep", quantity(instrument.quantityStep, instrument))
                json.field("postOnlyMaxOrderQty", quantity(instrument.quantityMax, instrument))
                json.field("maxMktOrderQty", quantity(instrument.marketQuantityMax, instrument))
                json.field("minNotionalValue", instrument.valueMin?.description ?? "")
            }
        )
        json.field("unifiedMarginTrade", true)
        json.field("fundingInterval", instrument.fundingIntervalMinutes ?? 0)
        json.field("settleCoin", instrument.settleCoin)
        json.field("copyTrading", terms.copyTrading)
        json.field("upperFundingRate", isPerpetual ? terms.upperFundingRate : .zero)
        json.field("lowerFundingRate", isPerpetual ? terms.lowerFundingRate : .zero)
        json.field("isPreListing", false)
        json.key("preListingInfo")
        json.null()
        risk(terms, &json)
        json.field("displayName", terms.displayName)
        json.field("symbolType", "")
        json.field("forbidUplWithdrawal", false)
        json.field("symbolId", terms.symbolID)
    }

    /// The spot list names its steps otherwise.
    private static func spot(_ listing: Listing, _ json: inout JSONWriter) {
        let instrument = listing.instrument
        let terms = listing.terms
        json.field("symbolId", terms.symbolID)
        json.field("symbol", instrument.id.symbol.description)
        json.field("baseCoin", instrument.baseCoin)
        json.field("quoteCoin", instrument.quoteCoin)
        json.field("innovation", "0")
        json.field("status", instrument.status)
        json.field("marginTrading", terms.marginTrading)
        json.field("stTag", "0")
        json.field(
            "lotSizeFilter",
            object: { json in
                json.field("basePrecision", quantity(instrument.quantityStep, instrument))
                json.field("quotePrecision", terms.quotePrecision)
                json.field("minOrderQty", quantity(instrument.quantityMin, instrument))
                json.field("maxOrderQty", quantity(instrument.quantityMax, instrument))
                json.field("minOrderAmt", instrument.valueMin?.description ?? "")
                json.field("maxOrderAmt", "8000000")
                json.field("maxLimitOrderQty", quantity(instrument.quantityMax, instrument))
                json.field("maxMarketOrderQty", quantity(instrument.marketQuantityMax, instrument))
                json.field(
                    "postOnlyMaxLimitOrderSize",
                    quantity(instrument.quantityMax, instrument)
                )
            }
        )
        json.field(
            "priceFilter",
            object: { $0.field("tickSize", price(instrument.tickSize, instrument)) }
        )
        risk(terms, &json)
        json.field("symbolType", "")
    }

    private static func option(_ listing: Listing, _ json: inout JSONWriter) {
        let instrument = listing.instrument
        head(instrument, &json) { _ in }
        json.field("settleCoin", instrument.settleCoin)
        json.field("optionsType", listing.terms.option?.isCall == true ? "Call" : "Put")
        json.field("launchTime", String(listing.terms.launchMilliseconds))
        json.field("deliveryTime", String(instrument.deliveryTime.milliseconds))
        json.field("deliveryFeeRate", listing.terms.deliveryFeeRate)
        prices(instrument, &json)
        json.field(
            "lotSizeFilter",
            object: { json in
                json.field("maxOrderQty", quantity(instrument.quantityMax, instrument))
                json.field("minOrderQty", quantity(instrument.quantityMin, instrument))
                json.field("qtyStep", quantity(instrument.quantityStep, instrument))
            }
        )
        json.field("displayName", listing.terms.displayName)
    }

    private static func head(
        _ instrument: Instrument,
        _ json: inout JSONWriter,
        _ type: (inout JSONWriter) -> Void
    ) {
        json.field("symbol", instrument.id.symbol.description)
        type(&json)
        json.field("status", instrument.status)
        json.field("baseCoin", instrument.baseCoin)
        json.field("quoteCoin", instrument.quoteCoin)
    }

    private static func prices(_ instrument: Instrument, _ json: inout JSONWriter) {
        json.field(
            "priceFilter",
            object: { json in
                json.field(
                    "minPrice",
                    price(instrument.priceMin ?? instrument.tickSize, instrument)
                )
                json.field("maxPrice", price(instrument.priceMax, instrument))
                json.field("tickSize", price(instrument.tickSize, instrument))
            }
        )
    }

    private static func risk(_ terms: ContractTerms, _ json: inout JSONWriter) {
        json.field(
            "riskParameters",
            object: { json in
                json.field("priceLimitRatioX", terms.priceLimitRatioX)
                json.field("priceLimitRatioY", terms.priceLimitRatioY)
            }
        )
    }

    private static func price(_ value: Price?, _ instrument: Instrument) -> Numeral? {
        value.map { instrument.scale.numeral($0) }
    }

    private static func quantity(_ value: Quantity?, _ instrument: Instrument) -> Numeral? {
        value.map { instrument.scale.numeral($0) }
    }
}
