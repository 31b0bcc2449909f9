import Foundation
import Market
import Testing

@Suite struct InstrumentTests {
    private func instrument(
        _ symbol: String,
        tick: String,
        step: String,
        quantityMax: String? = nil
    ) throws -> Instrument {
        try Instrument(
            id: InstrumentID(.spot, try #require(Symbol(symbol))),
            baseCoin: "AAA",
            quoteCoin: "USDT",
            settleCoin: "USDT",
            tickSize: try Numeral(text: tick),
            quantityStep: try Numeral(text: step),
            quantityMax: try quantityMax.map { try Numeral(text: $0) }
        )
    }

    @Test func `the finest tick and the largest quantity of the real lists are counted exactly`()
        throws
    {
        let tiny = try instrument(
            "TINYUSDT",
            tick: "0.0000000000001",
            step: "1",
            quantityMax: "26000000000000"
        )
        #expect(tiny.scale == Scale(priceDecimals: 13, quantityDecimals: 0))
        #expect(tiny.tickSize == Price(units: 1))
        let price = try tiny.scale.price(Numeral(text: "0.0000012345678"))
        let quantity = try #require(tiny.quantityMax)
        #expect(price.text(decimals: 13) == "0.0000012345678")
        #expect(quantity.text(decimals: 0) == "26000000000000")
        #expect(try tiny.scale.value(price, quantity).description == "32098762.8")
    }

    @Test func `an instrument of whole units keeps its whole units`() throws {
        let coarse = try instrument("COARSE", tick: "1", step: "1000")
        #expect(coarse.scale == Scale(priceDecimals: 0, quantityDecimals: 0))
        #expect(coarse.quantityStep == Quantity(units: 1_000))
    }

    @Test func `the scale holds limits that are finer than the step`() throws {
        let odd = try Instrument(
            id: InstrumentID(.linear, try #require(Symbol("ODDUSDT"))),
            baseCoin: "ODD",
            quoteCoin: "USDT",
            settleCoin: "USDT",
            tickSize: try Numeral(text: "0.50"),
            quantityStep: try Numeral(text: "0.001"),
            quantityMin: try Numeral(text: "0.0001"),
            priceMin: try Numeral(text: "0.25")
        )
        #expect(odd.scale == Scale(priceDecimals: 2, quantityDecimals: 4))
        #expect(odd.tickSize == Price(units: 50))
        #expect(odd.quantityMin == Quantity(units: 1))
    }

    @Test func `a tick of zero is no instrument`() {
        #expect(throws: NumberError.divisionByZero) {
            try instrument("ZERO", tick: "0", step: "1")
        }
        #expect(throws: NumberError.divisionByZero) {
            try instrument("ZERO", tick: "0.1", step: "0.000")
        }
    }

    @Test func `a value past 18 decimals is rounded half to even once`() throws {
        let scale = Scale(priceDecimals: 13, quantityDecimals: 8)
        let value = try scale.value(Price(units: 3), Quantity(units: 500))
        // 3 × 10⁻¹³ × 5 × 10⁻⁶ is 1.5 × 10⁻¹⁸: a half, to the even neighbour.
        #expect(value.units == 2)
        #expect(try scale.value(Price(units: 5), Quantity(units: 500)).units == 2)
    }

    @Test func `a value that does not fit is an error`() {
        let scale = Scale(priceDecimals: 0, quantityDecimals: 0)
        #expect(throws: NumberError.overflow) {
            try scale.value(Price(units: .max), Quantity(units: .max))
        }
    }

    // MARK: The real lists

    private static let list = SharedData.file(
        "data/bybit/cryptofeed-2026-08-09/rest_instruments-info_linear.json"
    )

    @Test(.enabled(if: list != nil, "needs ../shared/data, or TAPEDECK_SHARED"))
    func `every instrument of a real list has a scale that holds all its numbers`() throws {
        let url = try #require(InstrumentTests.list)
        let document = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
        let result = try #require((document as? [String: Any])?["result"] as? [String: Any])
        let rows = try #require(result["list"] as? [[String: Any]])
        #expect(rows.count == 800)
        for row in rows {
            let price = try #require(row["priceFilter"] as? [String: String])
            let lot = try #require(row["lotSizeFilter"] as? [String: String])
            let name = try #require(row["symbol"] as? String)
            let instrument = try Instrument(
                id: InstrumentID(.linear, try #require(Symbol(name))),
                baseCoin: "",
                quoteCoin: "",
                settleCoin: "",
                tickSize: Numeral(text: try #require(price["tickSize"])),
                quantityStep: Numeral(text: try #require(lot["qtyStep"])),
                quantityMin: Numeral(text: try #require(lot["minOrderQty"])),
                quantityMax: Numeral(text: try #require(lot["maxOrderQty"])),
                marketQuantityMax: Numeral(text: try #require(lot["maxMktOrderQty"])),
                priceMin: Numeral(text: try #require(price["minPrice"])),
                priceMax: Numeral(text: try #require(price["maxPrice"]))
            )
            // The same numbers come out again, whatever zeros the exchange wrote.
            let tick = try Numeral(text: try #require(price["tickSize"]))
            #expect(instrument.scale.numeral(instrument.tickSize) == tick)
            let most = try Numeral(text: try #require(lot["maxOrderQty"]))
            #expect(instrument.quantityMax.map { instrument.scale.numeral($0) } == most)
        }
    }
}

/// Material that lies beside the package in the authors' tree.
enum SharedData {
    static func file(_ path: String) -> URL? {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["TAPEDECK_SHARED"].map { URL(filePath: $0) }
        for base in [named, root.deletingLastPathComponent().appending(path: "shared")] {
            guard let url = base?.appending(path: path) else { continue }
            if FileManager.default.fileExists(atPath: url.path) { return url }
        }
        return nil
    }
}
