import JSON
import Market
import Testing

@testable import Bybit

/// Reads pushes by the fast way of their stream and by the general one, with memory that is used again.
final class BothWays {
    let route: StreamRoute
    private let parser = JSONParser()
    private let decoder = MessageDecoder()
    private var scratch = Event()

    init(_ stream: String) { route = StreamRoute(StreamName(stream)) }

    /// True when the scanner of the fast way takes the text; what it leaves is decoded by the general way.
    func scans(_ text: [UInt8]) -> Bool {
        text.withUnsafeBytes { bytes in
            switch route.subject {
            case .book: return parser.book(bytes) != nil
            case .trades: return parser.trades(bytes) != nil
            case .ticker: return parser.ticker(bytes) != nil
            default: return false
            }
        }
    }

    /// True when the fast way reads the text to its end: the general one is then never asked.
    func takes(_ text: [UInt8]) -> Bool {
        scratch.reset()
        return text.withUnsafeBytes { bytes in
            switch route.subject {
            case .book(let depth): return decoder.decodeBookFast(bytes, route, depth, &scratch)
            case .trades: return decoder.decodeTradesFast(bytes, route, &scratch)
            case .ticker: return decoder.decodeTickerFast(bytes, route, &scratch)
            default: return false
            }
        }
    }

    /// What decoding makes of the text, which must be what the general way makes of it, findings included.
    @discardableResult
    func compare(_ text: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) -> Event {
        text.withUnsafeBytes { compare(bytes: $0, sourceLocation: sourceLocation) }
    }

    @discardableResult
    func compare(
        bytes: UnsafeRawBufferPointer,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> Event {
        var event = Event()
        var general = Event()
        decoder.decode(route, bytes, into: &event)
        decoder.decodeGenerally(route, bytes, into: &general)
        let mine = lines(of: event)
        let theirs = lines(of: general)
        #expect(
            mine == theirs,
            "\(String(decoding: bytes, as: UTF8.self))",
            sourceLocation: sourceLocation
        )
        return event
    }
}
