import Bybit
import Market
import Testing

/// Numbers and symbols go into a message piece by piece; their text is the same as anywhere else.
@Suite struct WritingTests {
    private static func book(_ levels: [LevelNumerals], _ symbol: Symbol) -> String {
        var update = BookUpdate()
        update.depth = 50
        update.bids = levels
        let bytes = MessageWriter.message { $0.book(update, symbol: symbol, ts: 1) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a number of any length and any decimals is written as its own text`() throws {
        let symbol = try #require(Symbol("BTCUSDT"))
        var mantissas: [Int64] = [0, .max, .min + 1]
        var power: Int64 = 1
        while power <= 100_000_000_000_000_000 {
            mantissas += [power - 1, power, power + 1, 7 * power, -power]
            power *= 10
        }
        for decimals in 0...18 {
            let numbers = mantissas.map { Numeral(mantissa: $0, decimals: UInt8(decimals)) }
            let levels = numbers.map { LevelNumerals(price: $0, size: $0) }
            let list = numbers.map { #"["\#($0)","\#($0)"]"# }.joined(separator: ",")
            #expect(Self.book(levels, symbol).contains(#""b":[\#(list)],"a":[]"#))
        }
    }

    @Test(arguments: ["A", "BTCUSDT", "12345678", "123456789", "BTC-25DEC26-90000-C-USDT"])
    func `a symbol of any length is written whole, in topic and data`(text: String) throws {
        let symbol = try #require(Symbol(text))
        #expect(symbol.description == text)
        let written = Self.book([], symbol)
        #expect(written.hasPrefix(#"{"topic":"orderbook.50.\#(text)","type":"delta","ts":1"#))
        #expect(written.contains(#""data":{"s":"\#(text)","b":[],"a":[]"#))
    }

    @Test func `a symbol of 32 bytes, and one that needs escapes`() throws {
        let long = String(repeating: "X", count: 32)
        #expect(try Self.book([], #require(Symbol(long))).contains("\"orderbook.50.\(long)\""))
        let odd = try #require(Symbol(#"A"B\C"#))
        #expect(Self.book([], odd).contains(#""s":"A\"B\\C""#))
    }

    @Test func `a writer that is used again has only the new message`() throws {
        let symbol = try #require(Symbol("BTCUSDT"))
        var writer = MessageWriter()
        var update = BookUpdate()
        update.depth = 200
        update.bids = Array(repeating: LevelNumerals(price: .zero, size: .zero), count: 500)
        writer.book(update, symbol: symbol, ts: 1)
        let long = writer.bytes
        writer.reset()
        writer.serverTime(nanoseconds: 5)
        let short = writer.bytes
        #expect(short == MessageWriter.message { $0.serverTime(nanoseconds: 5) })
        #expect(writer.withBytes { Array($0) } == short)
        writer.reset()
        writer.book(update, symbol: symbol, ts: 1)
        #expect(writer.bytes == long)
    }
}
