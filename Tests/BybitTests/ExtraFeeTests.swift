import Market
import Testing

@testable import Bybit

/// Taxes beside the fee of an execution: money that is paid, so that a row without them would say something wrong.
@Suite struct ExtraFeeTests {
    private func execution(_ extraFees: String) -> Event {
        let text = #"""
            {"topic":"execution","id":"1","creationTime":1,"data":[{"category":"linear","symbol":"BTCUSDT",
            "orderId":"o","orderLinkId":"","side":"Sell","orderPrice":"1","orderQty":"1","leavesQty":"0",
            "orderType":"Market","stopOrderType":"UNKNOWN","execFee":"26.3725275","execId":"e",
            "execPrice":"95900.1","execQty":"0.5","execType":"Trade","execValue":"47950.05",
            "feeRate":"0.00055","isMaker":false,"execTime":"2","seq":3,"extraFees":
            """# + extraFees + "}]}"
        var event = Event()
        Array(text.utf8).withUnsafeBytes {
            MessageDecoder().decode(
                StreamRoute(StreamName("private/main/execution")),
                $0,
                into: &event
            )
        }
        return event
    }

    @Test func `a list of taxes is read`() throws {
        let event = execution(
            #"[{"feeCoin":"USDT","feeType":"GST","subFeeType":"IND_GST","feeRate":"0.1","fee":"0.006403779"}]"#
        )
        #expect(event.findings.isEmpty)
        #expect(
            event.executions.first?.extraFees == [
                ExtraFee(coin: "USDT", type: "GST", amount: try Amount(text: "0.006403779"))
            ]
        )
    }

    @Test(arguments: [#""""#, "null", "[]"])
    func `none is none`(text: String) {
        let event = execution(text)
        #expect(event.findings.isEmpty)
        #expect(event.executions.first?.extraFees == [])
    }

    @Test(arguments: [
        #"[{"feeType":"GST","fee":"1"}]"#, #"[{"feeCoin":"USDT","feeType":"GST"}]"#,
        #"[{"feeCoin":"USDT","feeType":"GST","fee":"x"}]"#, "7", "[7]",
    ])
    func `what cannot be read is said, and the row is not counted without it`(text: String) {
        let event = execution(text)
        #expect(!event.findings.isEmpty)
        #expect(event.executions.isEmpty)
    }

    @Test func `a spot market order by value counts the quote coin`() {
        let row = #"""
            {"topic":"order","id":"1","creationTime":1,"data":[{"category":"spot","symbol":"BTCUSDT",
            "orderId":"o","orderLinkId":"","side":"Buy","orderStatus":"PartiallyFilledCanceled",
            "orderType":"Market","timeInForce":"IOC","price":"0","qty":"1000","cumExecQty":"0.011",
            "cumExecValue":"999.9","cumExecFee":"0","marketUnit":"UNIT","createdTime":"1",
            "updatedTime":"2"}]}
            """#
        for (unit, isByValue) in [("quoteCoin", true), ("baseCoin", false), ("", false)] {
            var event = Event()
            Array(row.replacing("UNIT", with: unit).utf8).withUnsafeBytes {
                MessageDecoder().decode(
                    StreamRoute(StreamName("private/main/order")),
                    $0,
                    into: &event
                )
            }
            #expect(event.orders.map(\.countsQuote) == [isByValue])
        }
    }
}
