import Market
import Testing

@testable import Runtime

@Suite struct AmountScaleTests {
    private static func product(_ factor: String, _ text: String) throws -> String? {
        try #require(AmountScale(factor)).scaled(Array(text.utf8)[...])
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        ("2", "0.010", "0.020"), ("0.5", "0.010", "0.005"), ("0.5", "0.001", "0.0005"),
        ("0.37", "100", "37"), ("1.5", "-3", "-4.5"), ("1000", "0.00000001", "0.00001000"),
        ("0.000001", "1", "0.000001"), ("3", "0", "0"), ("0.1", "0.00", "0.00"),
        // More than a number of 64 bits before and after.
        ("2", "12345678901234567890.5", "24691357802469135781.0"),
        // Past the places of an amount: half to even.
        ("0.5", "0.000000000000000001", "0.000000000000000000"),
        ("0.5", "-0.000000000000000003", "-0.000000000000000002"),
        ("0.37", "1.123456789012345678", "0.415679011934567901"),
    ])
    func `a product is exact and keeps the places that there were`(
        factor: String,
        text: String,
        product: String
    ) throws {
        #expect(try Self.product(factor, text) == product)
    }

    @Test func `what is no decimal, or has no place for the product, has none`() throws {
        for text in ["", "-", ".", "1.", ".5", "1e3", "0x1", "USDT", "1.2.3"] {
            #expect(try Self.product("2", text) == nil, "\(text)")
        }
        // Past all amounts, before or after.
        #expect(try Self.product("2", "12345678901234567890123456789012345678") == nil)
        #expect(try Self.product("1000000", "1000000000000000") == nil)
        for factor in ["0", "-1", "", "1e3", "0.0000001", "1000000.1", "x"] {
            #expect(AmountScale(factor) == nil, "\(factor)")
        }
    }

    @Test func `a setting's symbols stay and its numbers are multiplied`() throws {
        let scale = try #require(AmountScale("2.5"))
        #expect(scale.scaled(setting: "0.01") == "0.025")
        #expect(
            scale.scaled(setting: "0.01,BTCUSDT=0.010,ETHUSDT=4")
                == "0.025,BTCUSDT=0.025,ETHUSDT=10"
        )
        #expect(scale.scaled(setting: "none") == "none")
    }

    @Test func `of a payload the amounts alone are multiplied, wherever they stand`() throws {
        var payload = ScaledPayload(try #require(AmountScale("2")))
        func scaled(_ text: String, _ stream: String) -> String {
            String(
                decoding: payload.rewritten(Array(text.utf8), StreamName(stream).kind),
                as: UTF8.self
            )
        }
        #expect(
            scaled(
                #"{"topic":"orderbook.50.BTCUSDT","data":{"b":[["100.5","1.5"],["100","2"]],"a":[],"u":7}}"#,
                "public/linear/orderbook.50.BTCUSDT"
            )
                == #"{"topic":"orderbook.50.BTCUSDT","data":{"b":[["100.5","3.0"],["100","4"]],"a":[],"u":7}}"#
        )
        #expect(
            scaled(
                #"{"data":[{"i":"1","p":"100.5","v":"0.5","T":5,"L":"PlusTick"}]}"#,
                "public/linear/publicTrade.BTCUSDT"
            ) == #"{"data":[{"i":"1","p":"100.5","v":"1.0","T":5,"L":"PlusTick"}]}"#
        )
        #expect(
            scaled(
                #"{"data":[{"qty":"1","price":"7","cumFeeDetail":{"USDT":"0.1"},"leverage":"5"}]}"#,
                "private/main/order"
            ) == #"{"data":[{"qty":"2","price":"7","cumFeeDetail":{"USDT":"0.2"},"leverage":"5"}]}"#
        )
        #expect(
            scaled(
                #"{"checks":[{"limit":"open_orders","ceiling":"4","observed":"2"},{"limit":"order_value","ceiling":"4"}]}"#,
                "desk/verdict"
            )
                == #"{"checks":[{"limit":"open_orders","ceiling":"4","observed":"2"},{"limit":"order_value","ceiling":"8"}]}"#
        )
        // Both bodies of a REST exchange, and how long its line says that they are.
        #expect(
            scaled(
                #"{"method":"POST","request":11,"response":26}"# + "\n" + #"{"qty":"5"}"#
                    + #"{"result":{"qty":"50000"}}"#,
                "rest/main/POST/v5/order/create"
            ) == #"{"method":"POST","request":12,"response":27}"# + "\n" + #"{"qty":"10"}"#
                + #"{"result":{"qty":"100000"}}"#
        )
        #expect(payload.unscaled == 0)
        _ = scaled(#"{"data":[{"qty":"170000000000000000000"}]}"#, "private/main/order")
        #expect(payload.unscaled == 1)
    }
}
