import Bybit
import Foundation
import Interchange
import Journal
import Market
import Testing

@Suite struct BybitHistoryTests {
    static let dump = """
        {"topic":"orderbook.500.XRPUSDT","type":"snapshot","ts":1733011200691,"data":{"s":"XRPUSDT","b":[["1.9531","6203"]],"a":[["1.9532","1"]],"u":1,"seq":5},"cts":1733011200688}
        {"topic":"orderbook.500.XRPUSDT","type":"delta","ts":1733011201000,"data":{"s":"XRPUSDT","b":[["1.9531","0"]],"a":[],"u":2,"seq":6},"cts":1733011200999}
        """
    static let trades = """
        timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,RPI
        1733011200.6915,XRPUSDT,Buy,12,1.9532,ZeroPlusTick,6a9b5c1e-3a52-5d2c-8a1e-0b8f3d7c1a01,2.3e+09,12,23.4,0
        1733011200.7,XRPUSDT,Sell,1e-05,1.9531,MinusTick,7b0c6d2f-4b63-6e3d-9b2f-1c9f4e8d2b12,2.3e+09,12,23.4,1
        """
    static let spot = """
        id,timestamp,price,volume,side,rpi
        1,1733011200900,1.95,0.5,buy,0
        """
    static let klines = "2024.12.01 03:00,1.95,1.96,1.94,1.955,1000.5\n"

    @Test func `dumps, trades and klines become one recording in the order of the exchange's time`()
        throws
    {
        let scratch = try Scratch()
        let files = [
            try scratch.write("2024-12-01_XRPUSDT_ob500.data", Self.dump),
            try scratch.write("XRPUSDT2024-12-01.csv", Self.trades),
            try scratch.write("XRPUSDT_1_2024-12-01_2024-12-31.csv", Self.klines),
        ]
        let summary = try Import.run(files, to: scratch.path + "/b", Tape.options(.bybit(.linear)))
        #expect(summary.records == 5)
        #expect(summary.badLineCount == 0)
        let label = summary.manifest.labels.first { $0.key == "imported" }
        #expect(label?.value == "arrival times are not known")
        #expect(!summary.manifest.knowsArrivalTimes)
        #expect(!(try Recording.open(scratch.path + "/b").manifest.knowsArrivalTimes))
        let records = try Tape.records(scratch.path + "/b").filter {
            $0.stream.hasPrefix("public/")
        }
        #expect(
            records.map(\.stream) == [
                "public/linear/orderbook.500.XRPUSDT", "public/linear/publicTrade.XRPUSDT",
                "public/linear/publicTrade.XRPUSDT", "public/linear/orderbook.500.XRPUSDT",
                "public/linear/kline.1.XRPUSDT",
            ]
        )
        #expect(
            records.map(\.time) == [
                1_733_011_200_691_000_000, 1_733_011_200_691_500_000, 1_733_011_200_700_000_000,
                1_733_011_201_000_000_000, 1_733_011_260_000_000_000,
            ]
        )
        let lines = Self.dump.split(separator: "\n").map(String.init)
        #expect(String(decoding: records[0].payload, as: UTF8.self) == lines[0])
        let decoded = records.map { Self.decode($0) }
        #expect(decoded[1].trades.first?.price.description == "1.9532")
        #expect(decoded[1].trades.first?.timeMilliseconds == 1_733_011_200_691)
        #expect(decoded[1].trades.first?.id == "6a9b5c1e-3a52-5d2c-8a1e-0b8f3d7c1a01")
        #expect(decoded[2].trades.first?.size.description == "0.00001")
        #expect(decoded[2].trades.first?.side == .sell)
        #expect(decoded.allSatisfy { $0.kind != .malformed })
        #expect(decoded[0...3].allSatisfy { $0.findings.isEmpty })
        // MetaTrader's clock is UTC+3, and such a file knows no turnover: the decoder says so, and makes up nothing.
        let kline = String(decoding: records[4].payload, as: UTF8.self)
        #expect(kline.contains(#""start":1733011200000,"end":1733011259999,"interval":"1""#))
        #expect(!kline.contains("turnover"))
    }

    @Test func `spot trades take their symbol from the file's name`() throws {
        let scratch = try Scratch()
        let file = try scratch.write("XRPUSDT_2024-12-01.csv", Self.spot)
        _ = try Import.run([file], to: scratch.path + "/b", Tape.options(.bybit(.spot)))
        let record = try #require(try Tape.records(scratch.path + "/b").last)
        #expect(record.stream == "public/spot/publicTrade.XRPUSDT")
        #expect(record.time == 1_733_011_200_900_000_000)
        let trade = try #require(Self.decode(record).trades.first)
        #expect("\(trade.price) \(trade.size) \(trade.side.name)" == "1.95 0.5 Buy")
    }

    @Test(
        arguments: [
            ("1733011200.7,XRPUSDT,Sell,1,1.95", "5 fields where the heading has 11"),
            ("now,XRPUSDT,Sell,1,1.9,MinusTick,i,1,1,1,0", "the time `now`"),
            ("1.0000000001,XRPUSDT,Sell,1,1.9,MinusTick,i,1,1,1,0", "finer than 1 ns"),
            ("1733011200.7,XRPUSDT,Hold,1,1.9,MinusTick,i,1,1,1,0", "neither Buy nor Sell"),
            ("1733011200.7,XRPUSDT,Sell,nan,1.9,MinusTick,i,1,1,1,0", "`nan`"),
            ("1733011200.7,XRPUSDT,Sell,,1.9,MinusTick,i,1,1,1,0", "is no number"),
            ("1733011200.7,XRP USDT,Sell,1,1.9,MinusTick,i,1,1,1,0", "is no symbol"),
        ] as [(String, String)]
    )
    func `a bad row is named and the others stand`(row: String, why: String) throws {
        let scratch = try Scratch()
        let file = try scratch.write("XRPUSDT2024-12-01.csv", Self.trades + "\n" + row + "\n")
        let summary = try Import.run([file], to: scratch.path + "/b", Tape.options(.bybit(.linear)))
        #expect(summary.records == 2)
        #expect(summary.badLines.map(\.line) == [4])
        #expect(summary.badLines[0].why.contains(why), "\(summary.badLines[0])")
    }

    @Test(
        arguments: [
            ("x.csv", "a,b,c\n1,2,3\n"), ("x.csv", "timestamp,side,size,price\n1,Buy,1,1\n"),
            ("x.zip", "PK\u{3}\u{4}"), ("x.csv", ""),
            ("BTC_7_x.csv", "2023.01.01 00:00,1,1,1,1,1\n"),
        ] as [(String, String)]
    )
    func `a file that is none of Bybit's is refused`(name: String, text: String) throws {
        let scratch = try Scratch()
        let file = try scratch.write(name, text)
        let error = try #require(throws: InterchangeError.self) {
            try Import.run([file], to: scratch.path + "/b", Tape.options(.bybit(.linear)))
        }
        guard case .notInFormat = error.reason else { return #expect(Bool(false), "\(error)") }
        #expect(error.description.contains(name))
    }

    @Test func `a real dump of Bybit's is imported whole`() throws {
        let shared =
            ProcessInfo.processInfo.environment["TAPEDECK_SHARED"]
            ?? Tape.root.deletingLastPathComponent().appending(path: "shared").path
        let file = shared + "/data/bybit/bybit-history-ob500/2024-12-01_XRPUSDT_ob500.data"
        guard FileManager.default.fileExists(atPath: file) else {
            return print("skipped: a real dump of Bybit's: there is no \(file)")
        }
        let scratch = try Scratch()
        let summary = try Import.run([file], to: scratch.path + "/b", Tape.options(.bybit(.linear)))
        #expect(summary.records == 50 && summary.badLineCount == 0 && summary.raised == 0)
        let records = try Tape.records(scratch.path + "/b").filter {
            $0.stream.hasPrefix("public/")
        }
        // The dump's lines end with CR and LF; a payload is what stands before them.
        let lines = try Data(contentsOf: URL(filePath: file)).split(separator: 0x0a).map {
            Array($0.last == 0x0d ? $0.dropLast() : $0)
        }
        let isSame = records.map(\.payload) == lines
        #expect(isSame, "the pushes are not those of the file")
        let updates = records.map { Self.decode($0).book.updateID }
        #expect(updates == Array(20_254_869...20_254_918))
    }

    static func decode(_ record: Kept) -> Event {
        var event = Event()
        record.payload.withUnsafeBytes {
            MessageDecoder().decode(StreamName(record.stream), $0, into: &event)
        }
        return event
    }
}
