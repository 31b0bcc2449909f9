import Bybit
import JSON
import Market
import SharedData
import Testing

/// What a list of contracts says beside its instruments; only a decoder that is asked for it reads it.
@Suite struct InstrumentFactsTests {
    static func event(_ query: String, _ body: String) -> Event {
        MessageDecoder(instrumentFacts: true).event(
            InstrumentListTests.stream,
            record(InstrumentListTests.path, query: query, response: body)
        )
    }

    static func facts(_ event: Event) -> [InstrumentFacts] {
        event.details.compactMap { if case .instrumentFacts(let row) = $0 { row } else { nil } }
    }

    /// A list of one invented contract, with these fields besides.
    static func list(_ fields: String, category: String = "linear") -> String {
        let row = String(InstrumentListTests.row().dropLast()) + "," + fields + "}"
        return #"{"retCode":0,"retMsg":"OK","result":{"category":"\#(category)","list":[\#(row)]},"#
            + #""retExtInfo":{},"time":1767225600000}"#
    }

    static func text(_ number: Numeral?) -> String { number?.description ?? "" }

    @Test(.enabled(if: Shared.isPresent, "needs ../shared"))
    func `the real linear list has facts of each contract, digit by digit`() throws {
        let body = try Shared.bytes(
            "data/bybit/cryptofeed-2026-08-09/rest_instruments-info_linear.json"
        )
        let event = Self.event(
            "category=linear&limit=1000",
            String(decoding: body, as: UTF8.self)
        )
        #expect(event.findings.isEmpty, "\(event.findings)")
        let listed: [[String]] = try JSONParser().read(body) { root in
            try root.required("result").required("list").elements.map { row -> [String] in
                let leverage = try row.required("leverageFilter")
                let risk = try row.required("riskParameters")
                return [
                    try row.string("symbol"), try row.string("launchTime"),
                    try leverage.string("minLeverage"), try leverage.string("maxLeverage"),
                    try leverage.string("leverageStep"), try row.string("upperFundingRate"),
                    try row.string("lowerFundingRate"), try risk.string("priceLimitRatioX"),
                    try risk.string("priceLimitRatioY"),
                ]
            }
        }
        let facts = Self.facts(event)
        #expect(listed.count > 500)
        #expect(facts.map(\.instrument) == event.instruments.map(\.id))
        let read = facts.map { row -> [String] in
            [
                row.instrument.symbol.description, row.launchMilliseconds?.description ?? "",
                Self.text(row.leverageMin), Self.text(row.leverageMax),
                Self.text(row.leverageStep), Self.text(row.fundingRateMax),
                Self.text(row.fundingRateMin), Self.text(row.priceLimitRatioX),
                Self.text(row.priceLimitRatioY),
            ]
        }
        #expect(read == listed)
    }

    @Test(.enabled(if: Shared.isPresent, "needs ../shared"))
    func `options say their kind, and what is listed early the phases of its auction`() throws {
        var facts: [InstrumentFacts] = []
        for text in try SharedMessagesTests.replies("docs/v5/market/instrument.mdx") {
            let event = Self.event("", String(decoding: text, as: UTF8.self))
            #expect(event.findings.isEmpty, "\(event.findings)")
            let page = Self.facts(event)
            #expect(page.map(\.instrument) == event.instruments.map(\.id))
            facts += page
        }
        #expect(facts.contains { $0.optionType == "Put" && $0.leverageMax == nil })
        #expect(facts.contains { $0.instrument.category == .spot && $0.launchMilliseconds == nil })
        let early = try require(facts.first { $0.isPreListing }, "a contract before its launch")
        #expect(early.auctionPhase == "ContinuousTrading")
        #expect(early.auctionPhases.count == 4)
        let phases = zip(early.auctionPhases, early.auctionPhases.dropFirst())
        #expect(phases.allSatisfy { $0.endMilliseconds == $1.startMilliseconds })
        #expect(early.auctionPhases.last?.endMilliseconds == nil)
    }

    @Test func `facts keep their digits, and none are made of what is not there`() throws {
        let whole = Self.event(
            "",
            Self.list(
                #""launchTime":"1767225600001","leverageFilter":{"minLeverage":"1","maxLeverage":"12.50","#
                    + #""leverageStep":"0.01"},"upperFundingRate":"0.00375","lowerFundingRate":"-0.00375","#
                    + #""isPreListing":true,"preListingInfo":{"curAuctionPhase":"CallAuction","phases":["#
                    + #"{"phase":"CallAuction","startTime":"1767225600000","endTime":""}]},"#
                    + #""riskParameters":{"priceLimitRatioX":"0.05","priceLimitRatioY":"0.10"}"#
            )
        )
        #expect(whole.findings.isEmpty, "\(whole.findings)")
        let id = try require(whole.instruments.first?.id, "an instrument")
        var expected = InstrumentFacts(instrument: id)
        expected.launchMilliseconds = 1_767_225_600_001
        expected.leverageMin = try Numeral(text: "1")
        expected.leverageMax = try Numeral(text: "12.50")
        expected.leverageStep = try Numeral(text: "0.01")
        expected.fundingRateMax = try Numeral(text: "0.00375")
        expected.fundingRateMin = try Numeral(text: "-0.00375")
        expected.isPreListing = true
        expected.auctionPhase = "CallAuction"
        var phase = AuctionPhase()
        phase.name = "CallAuction"
        phase.startMilliseconds = 1_767_225_600_000
        expected.auctionPhases = [phase]
        expected.priceLimitRatioX = try Numeral(text: "0.05")
        expected.priceLimitRatioY = try Numeral(text: "0.10")
        #expect(Self.facts(whole) == [expected])

        let bare = Self.event("", Self.list(#""preListingInfo":null,"upperFundingRate":"""#))
        #expect(bare.findings.isEmpty, "\(bare.findings)")
        #expect(Self.facts(bare) == [InstrumentFacts(instrument: id)])
    }

    @Test func `a fact that cannot be read is a finding, and all else of its row stands`() throws {
        let body = Self.list(
            #""launchTime":"soon","leverageFilter":{"minLeverage":"1","maxLeverage":"1e2"},"#
                + #""upperFundingRate":"0.00375","lowerFundingRate":{},"riskParameters":7"#
        )
        let event = Self.event("", body)
        let fields = event.findings.map(\.field).sorted()
        #expect(
            fields == [
                "result.list[0].launchTime", "result.list[0].leverageFilter.maxLeverage",
                "result.list[0].lowerFundingRate", "result.list[0].riskParameters",
            ]
        )
        #expect(event.instruments.count == 1)
        let facts = try require(Self.facts(event).first, "the facts")
        #expect(Self.text(facts.leverageMin) == "1" && Self.text(facts.fundingRateMax) == "0.00375")
        #expect(facts.leverageMax == nil && facts.launchMilliseconds == nil)
        #expect(facts.fundingRateMin == nil && facts.priceLimitRatioX == nil)
    }

    @Test func `a row that is no instrument has no facts, and a core's decoder reads none`() {
        let rows = [
            InstrumentListTests.row(tick: "0"),
            InstrumentListTests.row().replacing("NILUSDT", with: "TWOUSDT"),
        ]
        let body =
            #"{"retCode":0,"retMsg":"OK","result":{"category":"linear","list":["#
            + rows.joined(separator: ",") + #"]},"retExtInfo":{},"time":1767225600000}"#
        let event = Self.event("", body)
        #expect(Self.facts(event).map(\.instrument.symbol.description) == ["TWOUSDT"])
        #expect(event.instruments.count == 1)
        let plain = decode(
            InstrumentListTests.stream,
            record(InstrumentListTests.path, response: body)
        )
        #expect(plain.details.isEmpty)
        #expect(plain.instruments == event.instruments && plain.findings == event.findings)
    }
}
