import JSON
import Market
import Testing

@Suite struct JSONValueTests {
    let parser = JSONParser()

    @Test func `values say what they are`() throws {
        try parser.read(#"{"s":"a","n":-5,"t":true,"f":false,"z":null,"a":[1,"b"],"o":{"x":1}}"#) {
            root in
            #expect(root.kind == .object && root.isObject && root.count == 7)
            #expect(root["s"]?.string == "a" && root["s"]?.int64 == nil)
            #expect(root["n"]?.int64 == -5 && root["n"]?.string == nil)
            #expect(root["t"]?.bool == true && root["f"]?.bool == false && root["n"]?.bool == nil)
            #expect(root["z"]?.isNull == true && root["s"]?.isNull == false)
            #expect(root["a"]?.isArray == true && root["a"]?.count == 2)
            #expect(root["a"]?[1]?.string == "b")
            #expect(root["a"]?[2] == nil && root["a"]?[-1] == nil && root["o"]?[0] == nil)
            #expect(root["o"]?["x"]?.int == 1)
            #expect(root["missing"] == nil && root["s"]?["x"] == nil)
            #expect(root.elements.map(\.key) == ["s", "n", "t", "f", "z", "a", "o"])
            #expect(
                root["a"]?.elements.map { String(decoding: $0.raw, as: UTF8.self) } == ["1", "b"]
            )
        }
    }

    @Test(arguments: [
        (#""a\nb""#, "a\nb"), (#""\u00e9\u4e2d""#, "é中"), (#""\ud83d\ude00x""#, "😀x"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""""#, ""), (#""\u0000""#, "\u{0}"),
    ])
    func `a string is read with its escapes`(text: String, expected: String) throws {
        try parser.read(text) { root in
            #expect(root.string == expected)
            #expect(root.isEscaped == text.contains("\\"))
        }
        try parser.read("{\(text):1}") { root in
            #expect(root.elements.map(\.key) == [expected])
            #expect(root[expected]?.int64 == 1)
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("-1", -1), ("9223372036854775807", Int64.max),
            ("-9223372036854775808", .min),
            ("1767225600005", 1_767_225_600_005),
        ] as [(String, Int64?)]
    )
    func `a whole number that fits is read`(text: String, expected: Int64?) throws {
        try parser.read(text) { root in #expect(root.int64 == expected) }
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "1.0", "1e3", "true", "\"1\"", "[]",
        String(repeating: "1", count: 40),
    ])
    func `a number that does not fit or is no whole one is none`(text: String) throws {
        try parser.read(text) { root in
            #expect(root.int64 == nil)
            #expect(throws: JSONError.self) { try root.requireInt64() }
        }
    }

    @Test func `the largest unsigned number is read`() throws {
        try parser.read("[18446744073709551615,18446744073709551616,-1]") { root in
            #expect(root.elements.map(\.uint64) == [UInt64.max, nil, nil])
        }
    }

    @Test func `decimals keep every digit, in strings and in numbers`() throws {
        try parser.read(#"{"a":"64123.50","b":64123.50,"c":"1e5","d":""}"#) { root in
            let texts = [try root.numeral("a").description, try root.numeral("b").description]
            #expect(texts == ["64123.50", "64123.50"])
            let amount = try root.amount("a")
            #expect(amount.description == "64123.5")
            #expect(throws: JSONError.self) { try root.numeral("c") }
            #expect(throws: JSONError.self) { try root.amount("d") }
        }
    }

    @Test func `an error has the path and the byte of the value`() throws {
        try parser.read(#"{"result":{"list":[{"qty":1},{"qty":"x"}]}}"#) { root in
            let rows = try root.required("result").required("list")
            #expect(
                throws: JSONError(
                    .wrongType(expected: "a string"),
                    offset: 26,
                    path: "result.list[0].qty"
                )
            ) {
                try rows[0]?.string("qty")
            }
            #expect(throws: JSONError(.missing, offset: 29, path: "result.list[1].price")) {
                try rows[1]?.string("price")
            }
            let error = JSONError(.missing, offset: 29, path: "result.list[1].price")
            #expect(error.description == "result.list[1].price is missing (byte 29)")
        }
    }

    @Test func `members are found in any order, asked in any order`() throws {
        try parser.read(#"{"a":1,"b":2,"c":3}"#) { root in
            var members = try #require(JSONMembers(root))
            #expect(members.find("a")?.int64 == 1)
            #expect(members.find("c")?.int64 == 3)
            #expect(members.find("b")?.int64 == 2)
            #expect(members.find("b")?.int64 == 2)
            #expect(members.find("x") == nil)
            #expect(members.find("a")?.int64 == 1)
            #expect(root["a"].flatMap { JSONMembers($0) } == nil)
        }
    }

    @Test func `of doubled names the first counts`() throws {
        try parser.read(#"{"a":1,"a":2}"#) { root in #expect(root["a"]?.int64 == 1) }
    }
}
