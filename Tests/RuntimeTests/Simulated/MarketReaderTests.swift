import Journal
import Market
import Testing

@testable import Runtime

@Suite struct MarketReaderTests {
    /// Two private messages, the first with a command; what comes between them and behind has a command each.
    private static func recording(_ folder: ScratchFolder) throws -> Recording {
        let path = folder.path + "/made"
        let draft = try RecordingDraft(path, id: "made")
        let records: [(stream: String, milliseconds: Int64)] = [
            ("private/main/order", 1_000), ("desk/command", 1_000), ("link/public/linear", 1_001),
            ("desk/command", 1_001), ("private/main/wallet", 1_002), ("session/tick", 1_003),
            ("desk/command", 1_003), ("desk/command", 1_003),
        ]
        for (place, record) in records.enumerated() {
            try draft.add(
                record.stream,
                time: Timestamp(nanoseconds: record.milliseconds * 1_000_000),
                payload: Array("\(place + 1)".utf8)
            )
        }
        try draft.seal()
        return try Recording.open(path)
    }

    /// By arrival: milliseconds, the record, and the commands that belong to it.
    private static func arrivals(_ edits: MarketEdits) throws -> [String] {
        let folder = try ScratchFolder()
        var reader = try MarketReader(
            recording(folder),
            edits,
            keepsAccount: true,
            offset: { _ in 0 }
        )
        try reader.fill(to: 10_000_000_000)
        var lines: [String] = []
        while let item = reader.arrival {
            if item.role != .output {
                let commands = reader.outputs(after: item).map {
                    String(decoding: $0, as: UTF8.self)
                }
                lines.append("\(item.time.milliseconds) \(item.number) \(commands)")
            }
            reader.dropArrival(item)
        }
        return lines
    }

    @Test func `commands stay with what they answer, however late that comes`() throws {
        #expect(
            try Self.arrivals(MarketEdits()) == [
                #"1000 1 ["2"]"#, #"1001 3 ["4"]"#, "1002 5 []", #"1003 6 ["7", "8"]"#,
            ]
        )
        var late = MarketEdits()
        let isRead = late.addDelay("private", "50ms")
        #expect(isRead)
        #expect(
            try Self.arrivals(late) == [
                #"1001 3 ["4"]"#, #"1003 6 ["7", "8"]"#, #"1050 1 ["2"]"#, "1052 5 []",
            ]
        )
    }

    @Test func `one record is delayed and nothing else`() throws {
        var late = MarketEdits()
        late.delays = [(SequenceNumber(3), 10_000_000)]
        #expect(
            try Self.arrivals(late) == [
                #"1000 1 ["2"]"#, "1002 5 []", #"1003 6 ["7", "8"]"#, #"1011 3 ["4"]"#,
            ]
        )
    }

    /// The moments and numbers of pushes of one book, in the order of the exchange's side.
    private func read(
        _ pushes: [(milliseconds: Int64, told: String)]
    ) throws -> (moments: [Int64], numbers: [UInt64]) {
        let folder = try ScratchFolder()
        let path = folder.path + "/made"
        let draft = try RecordingDraft(path, id: "made")
        for (place, push) in pushes.enumerated() {
            try draft.add(
                // In turn by two connections.
                "public/linear/orderbook.50.BTCUSDT" + (place % 2 == 0 ? "" : "@2"),
                time: Timestamp(nanoseconds: push.milliseconds * 1_000_000),
                payload: Array(
                    #"""
                    {"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1795377600000,"data":{"s":"BTCUSDT",\#
                    "b":[["90000.1","1"]],"a":[["90000.2","1"]],"u":1,"seq":1},"cts":\#(push.told)}
                    """#.utf8
                )
            )
        }
        try draft.seal()
        let recording = try Recording.open(path)
        var reader = try MarketReader(
            recording,
            MarketEdits(),
            keepsAccount: false,
            offset: { _ in 0 }
        )
        // To the end of all time.
        try reader.fill(to: Int64.max)
        #expect(reader.hasEnded && reader.records == UInt64(pushes.count))
        var moments: [Int64] = []
        var numbers: [UInt64] = []
        while let item = reader.market {
            moments.append(item.moment)
            numbers.append(item.number.value)
            reader.dropMarket()
        }
        return (moments, numbers)
    }

    @Test func `a clock that goes back does not turn the pushes of a topic round`() throws {
        let found = try read([
            (1_795_377_600_020, "1795377600010"), (1_795_377_600_021, "1795377600004"),
            (1_795_377_600_022, "1795377600007"), (1_795_377_600_023, "1795377600012"),
        ])
        #expect(found.numbers == found.numbers.sorted())
        #expect(
            found.moments == [
                1_795_377_600_010_500_000, 1_795_377_600_010_500_000, 1_795_377_600_010_500_000,
                1_795_377_600_012_500_000,
            ]
        )
    }

    @Test func `a push that tells a time no clock shows was so when it came`() throws {
        let found = try read([
            (1_795_377_600_001, "1795377600000"), (1_795_377_600_002, "9300000000000000"),
            (1_795_377_600_003, "9223372036854775807"), (1_795_377_600_004, "-9300000000000000"),
        ])
        #expect(
            found.moments == [
                1_795_377_600_000_500_000, 1_795_377_600_002_000_000, 1_795_377_600_003_000_000,
                1_795_377_600_004_000_000,
            ]
        )
    }
}
