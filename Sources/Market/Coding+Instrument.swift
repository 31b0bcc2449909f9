extension Instrument: Codable {
    private enum Key: String, CodingKey {
        case id, baseCoin, quoteCoin, settleCoin, status, contractType, scale, tickSize
        case quantityStep, quantityMin, quantityMax, marketQuantityMax, valueMin, priceMin, priceMax
        case fundingIntervalMinutes, deliveryTime
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        id = try container.decode(InstrumentID.self, forKey: .id)
        baseCoin = try container.decode(String.self, forKey: .baseCoin)
        quoteCoin = try container.decode(String.self, forKey: .quoteCoin)
        settleCoin = try container.decode(String.self, forKey: .settleCoin)
        status = try container.decode(String.self, forKey: .status)
        contractType = try container.decode(String.self, forKey: .contractType)
        scale = try container.decode(Scale.self, forKey: .scale)
        tickSize = try container.decode(Price.self, forKey: .tickSize)
        quantityStep = try container.decode(Quantity.self, forKey: .quantityStep)
        quantityMin = try container.decodeIfPresent(Quantity.self, forKey: .quantityMin)
        quantityMax = try container.decodeIfPresent(Quantity.self, forKey: .quantityMax)
        marketQuantityMax = try container.decodeIfPresent(
            Quantity.self,
            forKey: .marketQuantityMax
        )
        valueMin = try container.decodeIfPresent(Amount.self, forKey: .valueMin)
        priceMin = try container.decodeIfPresent(Price.self, forKey: .priceMin)
        priceMax = try container.decodeIfPresent(Price.self, forKey: .priceMax)
        fundingIntervalMinutes = try container.decodeIfPresent(
            Int.self,
            forKey: .fundingIntervalMinutes
        )
        deliveryTime = try container.decode(Timestamp.self, forKey: .deliveryTime)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(id, forKey: .id)
        try container.encode(baseCoin, forKey: .baseCoin)
        try container.encode(quoteCoin, forKey: .quoteCoin)
        try container.encode(settleCoin, forKey: .settleCoin)
        try container.encode(status, forKey: .status)
        try container.encode(contractType, forKey: .contractType)
        try container.encode(scale, forKey: .scale)
        try container.encode(tickSize, forKey: .tickSize)
        try container.encode(quantityStep, forKey: .quantityStep)
        try container.encodeIfPresent(quantityMin, forKey: .quantityMin)
        try container.encodeIfPresent(quantityMax, forKey: .quantityMax)
        try container.encodeIfPresent(marketQuantityMax, forKey: .marketQuantityMax)
        try container.encodeIfPresent(valueMin, forKey: .valueMin)
        try container.encodeIfPresent(priceMin, forKey: .priceMin)
        try container.encodeIfPresent(priceMax, forKey: .priceMax)
        try container.encodeIfPresent(fundingIntervalMinutes, forKey: .fundingIntervalMinutes)
        try container.encode(deliveryTime, forKey: .deliveryTime)
    }
}
