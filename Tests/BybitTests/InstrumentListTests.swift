import Bybit
import JSON
import Market
import SharedData
import Testing

@Suite struct InstrumentListTests {
    static let stream = "rest/public/GET/v5/market/instruments-info"
    static let path = "/v5/market/instruments-info"

    @Test(.enabled(if: Shared.isPresent, "needs ../shared"))
    func `the real linear list becomes instruments, row by row`() throws {
        let body = try Shared.bytes(
            "data/bybit/cryptofeed-2026-08-09/rest_instruments-info_linear.json"
        )
        let event = decode(
            Self.stream,
            record(
                Self.path,
                query: "category=linear&limit=1000",
                response: String(decoding: body, as: UTF8.self)
            )
        )
        #expect(event.findings.isEmpty, "\(event.findings)")
        let listed = try JSONParser().read(body) { root in
            try root.required("result").required("list").elements.map { row in
                (
                    symbol: try row.string("symbol"),
                    tick: try row.required("priceFilter").numeral("tickSize"),
                    step: try row.required("lotSizeFilter").numeral("qtyStep"),
                    most: try row.required("lotSizeFilter").numeral("maxOrderQty"),
                    least: try row.required("lotSizeFilter").numeral("minOrderQty")
                )
            }
        }
        #expect(listed.count > 500)
        #expect(event.instruments.count == listed.count)
        for (instrument, row) in zip(event.instruments, listed) {
            #expect(instrument.id.symbol.description == row.symbol)
            #expect(instrument.scale.numeral(instrument.tickSize) == row.tick)
            #expect(instrument.scale.numeral(instrument.quantityStep) == row.step)
            #expect(instrument.quantityMax.map(instrument.scale.numeral) == row.most)
            #expect(instrument.quantityMin.map(instrument.scale.numeral) == row.least)
            #expect(instrument.fundingIntervalMinutes != nil || instrument.deliveryTime != .zero)
        }
    }

    /// One row of an invented list, with the steps and limits given.
    static func row(
        tick: String = "0.10",
        step: String = "0.001",
        least: String = "0.001",
        most: String = "1190.000"
    ) -> String {
        #"{"symbol":"NILUSDT","contractType":"LinearPerpetual","status":"Trading","baseCoin":"NIL","#
            + #""quoteCoin":"USDT","settleCoin":"USDT","deliveryTime":"0","fundingInterval":480,"#
            + #""priceFilter":{"minPrice":"\#(tick)","maxPrice":"1","tickSize":"\#(tick)"},"#
            + #""lotSizeFilter":{"maxOrderQty":"\#(most)","minOrderQty":"\#(least)","qtyStep":"\#(step)"}}"#
    }

    static func list(_ rows: String...) -> Event {
        let list = rows.joined(separator: ",")
        let body =
            #"{"retCode":0,"retMsg":"OK","result":{"category":"linear","list":[\#(list)],"#
            + #""nextPageCursor":"page%3A2"},"retExtInfo":{},"time":1767225600000}"#
        return decode(stream, record(path, query: "category=linear&limit=1000", response: body))
    }

    @Test func `a tick of 10⁻¹³ and a quantity of 2.6 × 10¹³ fit`() throws {
        let event = Self.list(
            Self.row(tick: "0.0000000000001", step: "1", least: "1", most: "26000000000000")
        )
        #expect(event.findings.isEmpty)
        let instrument = try require(event.instruments.first, "an instrument")
        #expect(instrument.scale == Scale(priceDecimals: 13, quantityDecimals: 0))
        #expect(instrument.tickSize == Price(units: 1))
        #expect(instrument.quantityMax == Quantity(units: 26_000_000_000_000))
        #expect(event.reply.nextPageCursor == "page%3A2")
    }

    @Test func `a limit that does not fit its scale is left out alone, with a finding`() throws {
        let event = Self.list(
            Self.row(step: "0.00000001", least: "0.00000001", most: "26000000000000"),
            Self.row()
        )
        #expect(
            event.findings == [
                DecodeFinding(
                    field: "result.list[0].lotSizeFilter.maxOrderQty",
                    reason: .number(.overflow)
                )
            ]
        )
        #expect(event.instruments.count == 2)
        #expect(event.instruments.first?.quantityMax == nil)
        #expect(event.instruments.first?.quantityMin == Quantity(units: 1))
    }

    @Test func `before its launch a contract is open once its auction is over`() {
        func early(_ info: String) -> String {
            Self.row()
                .replacing(#""status":"Trading""#, with: #""status":"PreLaunch""#)
                .replacing(
                    #""fundingInterval":480"#,
                    with: #""isPreListing":true,"preListingInfo":\#(info),"fundingInterval":480"#
                )
        }
        let phases = [
            #"{"curAuctionPhase":"CallAuction","phases":[],"auctionFeeInfo":{}}"#,
            #"{"curAuctionPhase":"ContinuousTrading","phases":[],"auctionFeeInfo":{}}"#,
            "null", "{}",
        ]
        let event = Self.list(
            early(phases[0]),
            early(phases[1]),
            early(phases[2]),
            early(phases[3]),
            Self.row()
        )
        #expect(event.findings.isEmpty, "\(event.findings)")
        #expect(
            event.instruments.map { ListedSymbol($0).isTrading } == [
                false, true, false, false, true,
            ]
        )
        #expect(event.instruments.map(\.status).first == "PreLaunch")
    }

    @Test(arguments: ["0", "-0.1", "", "x", "1e-5", String(repeating: "1", count: 40)])
    func `a row whose tick is no step is left out, and the next row stands`(tick: String) {
        let event = Self.list(Self.row(tick: tick), Self.row())
        #expect(event.findings.contains { $0.field.hasSuffix("tickSize") })
        #expect(event.instruments.count == 1)
    }

    @Test func `instruments written as a reply are read back the same`() throws {
        let instruments = Self.list(
            Self.row(),
            Self.row(tick: "0.0000000000001", step: "1", least: "1", most: "26000000000000")
        ).instruments
        #expect(instruments.count == 2)
        for category in [Category.linear, .spot] {
            let moved = instruments.map { instrument in
                var instrument = instrument
                instrument.id.category = category
                if category == .spot {
                    // The spot list has no such fields.
                    instrument.contractType = ""
                    instrument.priceMin = nil
                    instrument.priceMax = nil
                    instrument.fundingIntervalMinutes = nil
                }
                return instrument
            }
            let body = MessageWriter.message {
                $0.instruments(moved, category: category, nextPageCursor: "x", time: 1)
            }
            let event = decode(
                Self.stream,
                record(Self.path, response: String(decoding: body, as: UTF8.self))
            )
            #expect(event.findings.isEmpty)
            #expect(event.reply.nextPageCursor == "x")
            for (ours, read) in zip(moved, event.instruments) {
                #expect(ours.id == read.id)
                #expect(ours.scale.numeral(ours.tickSize) == read.scale.numeral(read.tickSize))
                #expect(
                    ours.quantityMax.map(ours.scale.numeral)
                        == read.quantityMax.map(read.scale.numeral)
                )
                #expect(ours.settleCoin == read.settleCoin)
            }
            if category == .linear { #expect(event.instruments == moved) }
        }
    }
}
