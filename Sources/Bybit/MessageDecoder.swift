import JSON
public import Market

/// Turns the bytes of one record into an ``Market/Event``.
///
/// A pure function of the record: what is kept between calls is memory, never knowledge. Bytes that are not what
/// their stream promises make a malformed event or a finding with the field's path; no input traps, and no field is
/// ever replaced by a number that was not there.
public final class MessageDecoder {
    let parser = JSONParser()
    let readsInstrumentFacts: Bool

    /// A decoder with memory of its own.
    ///
    /// - Parameter instrumentFacts: with each instrument of a list comes what it does not hold itself, as an
    ///   ``Market/InstrumentFacts`` among the details. A core has no use for them and leaves them.
    public init(instrumentFacts: Bool = false) { readsInstrumentFacts = instrumentFacts }

    /// Decodes one record into `event`, whose memory is used again.
    ///
    /// - Parameter payload: the record's bytes as they came; nothing behind them is read.
    public func decode(
        _ stream: StreamName,
        _ payload: UnsafeRawBufferPointer,
        into event: inout Event
    ) {
        decode(StreamRoute(stream), payload, into: &event)
    }

    /// The same for callers that keep the route of each stream.
    public func decode(
        _ route: StreamRoute,
        _ payload: UnsafeRawBufferPointer,
        into event: inout Event
    ) {
        decode(route, payload, isLeft: false, into: &event)
    }

    /// The same for what ``bookPush(_:_:into:)`` has left: the fast way of order books, which would leave it too, is not
    /// taken a second time.
    public func decodeLeft(
        _ route: StreamRoute,
        _ payload: UnsafeRawBufferPointer,
        into event: inout Event
    ) {
        decode(route, payload, isLeft: true, into: &event)
    }

    /// The same for a push, by the general way alone: what a fast way takes it must read as this does.
    func decodeGenerally(
        _ route: StreamRoute,
        _ payload: UnsafeRawBufferPointer,
        into event: inout Event
    ) {
        begin(route, &event)
        readText(payload, route, &event)
    }

    @inline(__always)
    private func decode(
        _ route: StreamRoute,
        _ payload: UnsafeRawBufferPointer,
        isLeft: Bool,
        into event: inout Event
    ) {
        begin(route, &event)
        switch route.subject {
        case .book(let depth):
            if !isLeft, decodeBookFast(payload, route, depth, &event) { return }
        case .trades:
            if decodeTradesFast(payload, route, &event) { return }
        case .ticker:
            if decodeTickerFast(payload, route, &event) { return }
        case .none: return
        case .rest: return decodeExchange(payload, route.endpoint, route.replyForm, &event)
        default: break
        }
        readText(payload, route, &event)
    }

    @inline(__always)
    private func begin(_ route: StreamRoute, _ event: inout Event) {
        event.reset()
        event.category = route.category
        if case .book = route.subject { event.symbol = route.symbol }
    }

    private func readText(
        _ payload: UnsafeRawBufferPointer,
        _ route: StreamRoute,
        _ event: inout Event
    ) {
        do throws(JSONError) {
            decode(try parser.root(payload), route, &event)
        } catch {
            event.kind = .malformed
            event.findings.append(error.finding)
        }
    }

    private func decode(_ root: JSONValue, _ route: StreamRoute, _ event: inout Event) {
        var findings = Findings()
        guard root.isObject else {
            findings.add(root, .wrongType)
            event.kind = .malformed
            event.findings = findings.list
            return
        }
        switch route.subject {
        case .book(let depth): BookMessage.read(root, route, depth, &event, &findings)
        case .trades: TradesMessage.read(root, route, &event, &findings)
        case .ticker: TickerMessage.read(root, route, &event, &findings)
        case .candles: CandlesMessage.read(root, route, &event, &findings)
        case .orders, .executions, .positions, .wallet:
            RowsMessage.read(root, route, &event, &findings)
        case .detail(let feed): DetailMessage.read(root, feed, route, &event, &findings)
        case .operation: OperationMessage.read(root, &event, &findings)
        case .link: OwnRecords.readLink(root, &event, &findings)
        case .timer: OwnRecords.readTimer(root, &event, &findings)
        case .operatorRequest: OwnRecords.readOperator(root, &event, &findings)
        case .tick: event.kind = .tick
        case .clock: event.kind = .clock
        // A session that goes on in another recording says so by a start, which begins nothing.
        case .sessionStart: event.kind = root["continues"] == nil ? .sessionStart : .none
        case .sessionEnd: event.kind = .sessionEnd
        case .none, .rest: break
        case .unknown: event.kind = .unknown
        }
        // The buffer's memory is kept where there is nothing to say.
        if !findings.list.isEmpty { event.findings = findings.list }
    }
}
