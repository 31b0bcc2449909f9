import Bybit
import Market
import Testing

/// Pushes of order books whose levels stand in one list: each makes the event that decoding it makes.
@Suite struct BookPushTests {
    private static func pushes() throws -> [(stream: String, bytes: [UInt8])] {
        let fixtures = try FixtureTests.payloads().map { (stream: $0.stream, bytes: $0.bytes) }
        let usual = FastPush.all.map { (stream: $0.stream, bytes: $0.bytes) }
        return fixtures + usual
    }

    /// A book with more levels than any of the pushes, to be written over.
    private static let large: String = {
        let levels = (1...60).map { #"["\#($0).5","\#($0)"]"# }.joined(separator: ",")
        return
            #"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":9,"data":{"s":"BTCUSDT","b":["#
            + levels + #"],"a":["# + levels + #"],"u":90,"seq":91},"cts":92}"#
    }()

    @Test func `a push whose levels are kept among others makes the event of its own`() throws {
        struct Kept {
            var push: BookPush
            var first: Int
            var expected: [String]
        }
        let decoder = MessageDecoder()
        var levels = [LevelNumerals(price: .zero, size: .zero)]
        var kept: [Kept] = []
        for (stream, bytes) in try Self.pushes() {
            let expected = lines(of: decode(stream, bytes))
            let first = levels.count
            let push = bytes.withUnsafeBytes {
                decoder.bookPush(StreamRoute(StreamName(stream)), $0, into: &levels)
            }
            // All but the books of the fixtures with three numbers a level.
            let isUsual = stream.contains("/orderbook.") && !stream.contains(".rpi.")
            #expect((push != nil) == isUsual, "\(stream)")
            #expect(levels.count == first + (push?.levelCount ?? 0), "\(stream)")
            if let push { kept.append(Kept(push: push, first: first, expected: expected)) }
        }
        #expect(kept.count >= 12)
        for item in kept {
            var event = decode(FastPush.book, Self.large)
            #expect(event.book.bids.count == 60)
            let end = item.first + item.push.levelCount
            levels.withUnsafeBufferPointer { levels in
                let own = UnsafeBufferPointer(rebasing: levels[item.first..<end])
                item.push.write(into: &event, levels: own)
            }
            #expect(lines(of: event) == item.expected)
            var new = Event()
            levels.withUnsafeBufferPointer { levels in
                let own = UnsafeBufferPointer(rebasing: levels[item.first..<end])
                item.push.write(into: &new, levels: own)
            }
            #expect(lines(of: new) == item.expected)
        }
    }

    @Test func `what is no usual push of a book leaves the levels, and is decoded as ever`() throws
    {
        let decoder = MessageDecoder()
        var levels = [LevelNumerals(price: .zero, size: .zero)]
        var left = 0
        // Cut short, or with a blank: of books as well.
        let unusual = FastPush.all.flatMap { push in
            [
                (stream: push.stream, bytes: Array(push.bytes.dropLast())),
                (stream: push.stream, bytes: [UInt8(ascii: " ")] + push.bytes),
            ]
        }
        for (stream, bytes) in try Self.pushes() + unusual {
            let route = StreamRoute(StreamName(stream))
            let count = levels.count
            let push = bytes.withUnsafeBytes { decoder.bookPush(route, $0, into: &levels) }
            guard push == nil else { continue }
            left += 1
            #expect(levels.count == count, "\(stream)")
            var event = Event()
            bytes.withUnsafeBytes { decoder.decodeLeft(route, $0, into: &event) }
            #expect(lines(of: event) == lines(of: decode(stream, bytes)), "\(stream)")
        }
        #expect(left > unusual.count)
    }
}
