import Journal
import Market
import Testing

@testable import Runtime

@Suite struct RecordingSurveyTests {
    private static func row(_ side: String, _ size: String, leg: Int) -> String {
        #"{"symbol":"BTCUSDT","positionIdx":\#(leg),"tradeMode":0,"riskId":1,"riskLimitValue":"2000000","#
            + #""side":"\#(side)","size":"\#(size)","sessionAvgPrice":"","leverage":"10","breakEvenPrice":"","#
            + #""positionValue":"641.233","positionBalance":"0","markPrice":"64122.18","positionIM":"64.45","#
            + #""positionIMByMp":"64.45","positionMM":"3.53","positionMMByMp":"3.53","liqPrice":"","#
            + #""bustPrice":"","takeProfit":"","stopLoss":"","trailingStop":"0","unrealisedPnl":"-0.0112","#
            + #""curRealisedPnl":"-0.1282466","cumRealisedPnl":"-3.4","tpslMode":"Full","#
            + #""positionStatus":"Normal","adlRankIndicator":2,"autoAddMargin":0,"isReduceOnly":false,"#
            + #""mmrSysUpdatedTime":"","leverageSysUpdatedTime":"","createdTime":"1760000000000","#
            + #""updatedTime":"1767225600043","openTime":1767225600040,"seq":900000009,"avgPrice":"64123.3"}"#
    }

    /// Replies to the same question for positions, one after the other; sizes and legs that were taken.
    private static func positions(_ lists: [[String]]) throws -> [String] {
        let folder = try ScratchFolder()
        let path = folder.path + "/made"
        let draft = try RecordingDraft(path, id: "made")
        for (place, rows) in lists.enumerated() {
            let body =
                #"{"retCode":0,"retMsg":"OK","result":{"category":"linear","list":["#
                + rows.joined(separator: ",")
                + #"],"nextPageCursor":""},"retExtInfo":{},"time":1767225600003}"#
            let head =
                #"{"method":"GET","path":"/v5/position/list","query":"category=linear&settleCoin=USDT&limit=200","#
                + #""status":200,"outcome":"answered","sent":"1767225600000000000","#
                + #""received":"1767225600004250000","after":0,"attempt":1,"limit":"10","limit_status":"9","#
                + #""limit_reset":"1767225600004","request":0,"response":\#(body.utf8.count)}"#
            try draft.add(
                "rest/main/GET/v5/position/list",
                time: Timestamp(nanoseconds: 1_767_225_600_000_000_000 + Int64(place)),
                payload: Array((head + "\n" + body).utf8)
            )
        }
        try draft.seal()
        return try RecordingSurvey(Recording.open(path)).positions.map {
            "\($0.size) leg \($0.positionIndex)"
        }
    }

    @Test func `what the first list has no position in was flat when the session began`() throws {
        let long = Self.row("Buy", "0.010", leg: 0)
        #expect(try Self.positions([[long]]).count == 1)
        #expect(try Self.positions([[], [long]]) == [])
    }

    @Test func `of hedge mode both legs are taken, as the first list has them`() throws {
        let legs = [Self.row("Buy", "0.010", leg: 1), Self.row("Sell", "0.004", leg: 2)]
        let taken = try Self.positions([legs, [Self.row("Buy", "0.020", leg: 1)]])
        #expect(taken == ["0.010 leg 1", "0.004 leg 2"])
    }
}
