import JSON
import Market

/// A row of `instruments-info`, between the wire and an ``Market/Instrument``.
///
/// What an instrument does not hold is written as a constant: whoever knows more of a contract, as the simulated exchange
/// does of its own, writes its rows itself.
///
/// - Source: bybit-v5 §6.3.
struct InstrumentRow: WireRow {
    var category: Category
    var symbol = Symbol.none
    var contractType = ""
    var status = ""
    var baseCoin = ""
    var quoteCoin = ""
    var settleCoin = ""
    var deliveryTime: Int64 = 0
    var tickSize = Numeral.zero
    var priceMin: Numeral?
    var priceMax: Numeral?
    var quantityStep = Numeral.zero
    var quantityMin: Numeral?
    var quantityMax: Numeral?
    var marketQuantityMax: Numeral?
    var valueMin: Amount?
    var fundingInterval: Int64 = 0

    static func blank(category: Category) -> InstrumentRow { InstrumentRow(category: category) }

    private init(category: Category) { self.category = category }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &symbol)
        if category != .spot, category != .option {
            coder.text("contractType", &contractType, .optional)
        }
        coder.text("status", &status, .optional)
        coder.text("baseCoin", &baseCoin, .optional)
        coder.text("quoteCoin", &quoteCoin, .optional)
        switch category {
        case .spot: codeSpot(&coder)
        case .linear, .inverse, .option, .spread: codeContract(&coder)
        }
    }

    private mutating func codeContract<Coder: WireCoder>(_ coder: inout Coder) {
        coder.constant("launchTime", #""1584230400000""#)
        coder.time("deliveryTime", &deliveryTime, .optional)
        coder.constant("deliveryFeeRate", #""""#)
        coder.derived { $0.integerText("priceScale", Int64(tickSize.trimmed.decimals)) }
        coder.nested("leverageFilter") { coder in
            coder.constant("minLeverage", #""1""#)
            coder.constant("maxLeverage", #""100.00""#)
            coder.constant("leverageStep", #""0.01""#)
        }
        coder.nested("priceFilter") { coder in
            coder.numeral("minPrice", &priceMin, .omitted)
            coder.numeral("maxPrice", &priceMax, .omitted)
            coder.numeral("tickSize", &tickSize, .required)
        }
        coder.nested("lotSizeFilter") { coder in
            coder.numeral("maxOrderQty", &quantityMax, .omitted)
            coder.numeral("minOrderQty", &quantityMin, .omitted)
            coder.numeral("qtyStep", &quantityStep, .required)
            coder.numeral("maxMktOrderQty", &marketQuantityMax, .omitted)
            coder.amount("minNotionalValue", &valueMin, .omitted)
        }
        coder.constant("unifiedMarginTrade", "true")
        coder.integer("fundingInterval", &fundingInterval, .optional)
        coder.text("settleCoin", &settleCoin, .optional)
        coder.constant("copyTrading", #""none""#)
        coder.constant("upperFundingRate", #""0.00375""#)
        coder.constant("lowerFundingRate", #""-0.00375""#)
        coder.constant("isPreListing", "false")
        coder.constant("preListingInfo", "null")
        codeTail(&coder)
    }

    /// The spot list names its steps otherwise, and of its limits only these are in force.
    private mutating func codeSpot<Coder: WireCoder>(_ coder: inout Coder) {
        coder.constant("innovation", #""0""#)
        coder.constant("marginTrading", #""none""#)
        coder.constant("stTag", #""0""#)
        coder.nested("lotSizeFilter") { coder in
            coder.numeral("basePrecision", &quantityStep, .required)
            coder.derived { $0.numeral("quotePrecision", Numeral(mantissa: 1, decimals: 8)) }
            coder.numeral("minOrderQty", &quantityMin, .omitted)
            coder.amount("minOrderAmt", &valueMin, .omitted)
            coder.numeral("maxLimitOrderQty", &quantityMax, .omitted)
            coder.numeral("maxMarketOrderQty", &marketQuantityMax, .omitted)
        }
        coder.nested("priceFilter") { coder in
            coder.numeral("tickSize", &tickSize, .required)
        }
        codeTail(&coder)
    }

    private func codeTail<Coder: WireCoder>(_ coder: inout Coder) {
        coder.nested("riskParameters") { coder in
            coder.constant("priceLimitRatioX", #""0.05""#)
            coder.constant("priceLimitRatioY", #""0.1""#)
        }
        coder.constant("symbolType", #""""#)
        if category != .spot { coder.constant("displayName", #""""#) }
    }
}

extension InstrumentRow {
    init(_ instrument: Instrument) {
        self.init(category: instrument.id.category)
        let scale = instrument.scale
        symbol = instrument.id.symbol
        contractType = instrument.contractType
        status = instrument.status
        baseCoin = instrument.baseCoin
        quoteCoin = instrument.quoteCoin
        settleCoin = instrument.settleCoin
        deliveryTime = instrument.deliveryTime.milliseconds
        tickSize = scale.numeral(instrument.tickSize).trimmed
        priceMin = instrument.priceMin.map { scale.numeral($0).trimmed }
        priceMax = instrument.priceMax.map { scale.numeral($0).trimmed }
        quantityStep = scale.numeral(instrument.quantityStep).trimmed
        quantityMin = instrument.quantityMin.map { scale.numeral($0).trimmed }
        quantityMax = instrument.quantityMax.map { scale.numeral($0).trimmed }
        marketQuantityMax = instrument.marketQuantityMax.map { scale.numeral($0).trimmed }
        valueMin = instrument.valueMin
        fundingInterval = Int64(instrument.fundingIntervalMinutes ?? 0)
    }

    /// The instrument without the limits that do not fit its scale; each of those is a finding of its field.
    func instrument(at row: JSONValue, _ findings: inout Findings) -> Instrument? {
        var kept = self
        do throws(NumberError) {
            return try kept.instrument()
        } catch {
            // Rare: find out which limits are too wide, one after another.
            kept.dropLimits()
        }
        guard (try? kept.instrument()) != nil else {
            let step = category == .spot ? "basePrecision" : "qtyStep"
            let isTick = tickSize.mantissa <= 0
            let field = isTick ? "priceFilter.tickSize" : "lotSizeFilter." + step
            let path = row.path
            findings.add(
                path.isEmpty ? field : path + "." + field,
                .unexpected((isTick ? tickSize : quantityStep).description)
            )
            return nil
        }
        kept.restore(\.quantityMin, "lotSizeFilter.minOrderQty", from: self, row, &findings)
        kept.restore(\.quantityMax, "lotSizeFilter.maxOrderQty", from: self, row, &findings)
        kept.restore(
            \.marketQuantityMax,
            "lotSizeFilter.maxMktOrderQty",
            from: self,
            row,
            &findings
        )
        kept.restore(\.priceMin, "priceFilter.minPrice", from: self, row, &findings)
        kept.restore(\.priceMax, "priceFilter.maxPrice", from: self, row, &findings)
        return try? kept.instrument()
    }

    private mutating func dropLimits() {
        quantityMin = nil
        quantityMax = nil
        marketQuantityMax = nil
        priceMin = nil
        priceMax = nil
    }

    private mutating func restore(
        _ limit: WritableKeyPath<InstrumentRow, Numeral?>,
        _ field: String,
        from whole: InstrumentRow,
        _ row: JSONValue,
        _ findings: inout Findings
    ) {
        guard let value = whole[keyPath: limit] else { return }
        var wider = self
        wider[keyPath: limit] = value
        do throws(NumberError) {
            _ = try wider.instrument()
            self = wider
        } catch {
            let path = row.path
            findings.add(path.isEmpty ? field : path + "." + field, .number(error))
        }
    }

    private func instrument() throws(NumberError) -> Instrument {
        try Instrument(
            id: InstrumentID(category, symbol),
            baseCoin: baseCoin,
            quoteCoin: quoteCoin,
            settleCoin: settleCoin.isEmpty ? quoteCoin : settleCoin,
            status: status,
            contractType: contractType,
            tickSize: tickSize,
            quantityStep: quantityStep,
            quantityMin: quantityMin,
            quantityMax: quantityMax,
            marketQuantityMax: marketQuantityMax,
            valueMin: valueMin,
            priceMin: priceMin,
            priceMax: priceMax,
            fundingIntervalMinutes: fundingInterval > 0 ? Int(fundingInterval) : nil,
            deliveryTime: Timestamp(milliseconds: deliveryTime) ?? .zero
        )
    }

    static func readAll(
        _ list: JSONValue,
        category: Category,
        into instruments: inout [Instrument],
        findings: inout Findings
    ) {
        guard list.isArray else { return findings.add(list, .wrongType) }
        for element in list.elements {
            let row = read(element, category: category, form: .list, findings: &findings)
            guard var instrument = row?.instrument(at: element, &findings) else { continue }
            // Beside the walk, since it is written as null: what writes these rows has no contract before its launch.
            if instrument.status == "PreLaunch" {
                instrument.auctionPhase =
                    element["preListingInfo"]?["curAuctionPhase"]?.string ?? ""
            }
            instruments.append(instrument)
        }
    }
}
