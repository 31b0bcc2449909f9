import JSON
import Market
import NIOHTTP1
import Simulation

/// The control endpoint: what a test asks of the exchange that no client can.
///
/// Paths under `/tapedeck/`, on the port of the exchange, which listens on loopback alone. The page `Control` of this
/// module has every request and answer.
struct ControlDoor {
    static let prefix = "/tapedeck/"
    /// A virtual clock goes at most so far at once: a week.
    static let advanceMax: Int64 = 7 * 86_400_000_000_000

    private unowned let venue: MannersVenue

    init(_ venue: MannersVenue) { self.venue = venue }

    func answer(_ request: HTTPRequest, _ reply: @escaping (HTTPReply) -> Void) {
        let name = request.path.dropFirst(ControlDoor.prefix.count)
        switch (request.method, name) {
        case (.GET, "status"): reply(status())
        case (.GET, "book"): reply(book(QueryItems(request.query)))
        case (.GET, "journal"): reply(journal(QueryItems(request.query)))
        case (.GET, "manners"): reply(manners())
        case (.POST, "manners"): reply(order(request.body))
        case (.DELETE, "manners"): reply(remove(QueryItems(request.query)))
        case (.POST, "advance"): advance(request.body, reply)
        case (.POST, "step"): reply(step(QueryItems(request.query)))
        default:
            let paths = "status, book, journal, manners, advance, step"
            reply(failure(.notFound, "\(request.method) \(request.path): there are \(paths)"))
        }
    }

    // MARK: reading

    private func status() -> HTTPReply {
        let counters = venue.exchange.totals
        return reply {
            $0.field("schema", "tapedeck.control/1")
            $0.field("time", venue.now.description)
            $0.field("exchange_time", venue.exchange.driver.exchange.now.description)
            $0.field("pace", venue.exchange.driver.pace.description)
            if let progress = venue.exchange.driver.tape?.progress {
                $0.field("position", progress.position)
                $0.field("begun", progress.isBegun)
                $0.field("over", progress.isOver)
            }
            $0.field("clock_offset", Int(venue.exchange.driver.clockOffset / 1_000_000))
            if let seed = venue.manners.chaosSeed { $0.field("chaos", String(seed)) }
            $0.field("manners", venue.manners.done)
            $0.field("journal", venue.manners.journal.next - 1)
            if let failure = venue.manners.journal.failure { $0.field("journal_failure", failure) }
            $0.field("subscriptions", counters.subscriptions)
            $0.field("pushes", counters.pushes)
            $0.field("requests", counters.requests)
            $0.field("orders", counters.orders)
            $0.field("rejected", counters.rejected)
            $0.field("dropped", counters.dropped)
            $0.field("listing_faults", counters.listingFaults)
            $0.field(
                "clients",
                array: { json in
                    for client in venue.sockets {
                        json.object {
                            $0.field("client", Int(client.number))
                            $0.field("path", client.path.text)
                            $0.field("account", venue.alias(of: client))
                            $0.field("pushes", client.filter?.pushes ?? 0)
                            $0.field("half_open", client.filter?.isMute ?? false)
                            $0.field(
                                "topics",
                                array: { json in for topic in client.topics { json.value(topic) } }
                            )
                        }
                    }
                }
            )
        }
    }

    private func book(_ query: QueryItems) -> HTTPReply {
        let text = "\(query["category"])/\(query["symbol"])/\(query["depth"])"
        guard let book = OwnBook(text, of: venue.exchange.driver) else {
            return failure(.badRequest, "no book \(text): give category, symbol and a depth")
        }
        return reply { book.write(&$0) }
    }

    private func journal(_ query: QueryItems) -> HTTPReply {
        let from = Int(query["from"]) ?? 1
        let limit = Int(query["limit"]) ?? 1_000
        let lines = venue.manners.journal.entries(from: from, limit: min(max(1, limit), 10_000))
        return reply {
            $0.field("first", venue.manners.journal.first)
            $0.field("next", max(from, venue.manners.journal.first) + lines.count)
            $0.field("entries", array: { json in for line in lines { json.raw(line) } })
        }
    }

    private func manners() -> HTTPReply {
        reply {
            $0.field(
                "orders",
                array: { json in for order in venue.manners.orders { json.object(order.write) } }
            )
        }
    }

    // MARK: manners

    private func order(_ body: [UInt8]) -> HTTPReply {
        let order: MannerOrder
        switch MannerOrder.read(body) {
        case .failure(let wrong): return failure(.badRequest, wrong.text)
        case .success(let read): order = read
        }
        guard order.manner.isImmediate, order.after == nil else {
            let kept = venue.manners.add(order)
            return reply {
                $0.field("order", kept.number)
                $0.field("carried_out", 0)
            }
        }
        var now = order
        now.number = venue.manners.number()
        let count = venue.carryOut(now)
        return reply {
            $0.field("order", now.number)
            $0.field("carried_out", count)
        }
    }

    private func remove(_ query: QueryItems) -> HTTPReply {
        let count = venue.manners.remove(Int(query["order"]))
        return reply { $0.field("removed", count) }
    }

    // MARK: a recorded market

    private func step(_ query: QueryItems) -> HTTPReply {
        let driver = venue.exchange.driver
        guard let tape = driver.tape, driver.pace == .virtual else {
            return failure(
                .badRequest,
                "there are no steps; serve RECORDING --simulated --pace step"
            )
        }
        guard let count = Int(query["n"].isEmpty ? "1" : query["n"]), (1...100_000).contains(count)
        else { return failure(.badRequest, "n is from 1 to 100000") }
        driver.play(pushes: count)
        let progress = tape.progress
        return reply {
            $0.field("position", progress.position)
            $0.field("over", progress.isOver)
            $0.field("exchange_time", driver.exchange.now.description)
        }
    }

    // MARK: the virtual clock

    private func advance(_ body: [UInt8], _ reply: @escaping (HTTPReply) -> Void) {
        let driver = venue.exchange.driver
        guard driver.pace == .virtual else {
            return reply(
                failure(.badRequest, "the clock goes by itself; serve with --pace virtual")
            )
        }
        let wish = try? JSONParser().read(body) { root -> (span: Int64?, books: [String]) in
            let milliseconds = root["milliseconds"]?.int64.flatMap {
                (0...ControlDoor.advanceMax / 1_000_000).contains($0) ? $0 * 1_000_000 : nil
            }
            return (
                root["nanoseconds"]?.int64 ?? milliseconds,
                root["books"]?.elements.compactMap(\.string) ?? []
            )
        }
        guard let wish, let span = wish.span, (0...ControlDoor.advanceMax).contains(span) else {
            return reply(failure(.badRequest, #"give {"milliseconds": N}, up to a week"#))
        }
        let before = venue.exchange.totals.pushes
        let stood = wish.books.map { OwnBook($0, of: driver)?.updateID }
        driver.advance(nanoseconds: span) { [venue] in
            let books = wish.books.map { ($0, OwnBook($0, of: venue.exchange.driver)) }
            if let unknown = books.first(where: { $0.1 == nil })?.0 {
                return reply(failure(.badRequest, "no book \(unknown)"))
            }
            reply(
                self.reply {
                    $0.field("exchange_time", driver.exchange.now.description)
                    $0.field("exchange_milliseconds", driver.exchange.now.milliseconds)
                    $0.field("pushes", venue.exchange.totals.pushes - before)
                    $0.field(
                        "books",
                        array: { json in
                            for (place, book) in books.map(\.1).enumerated() {
                                let isNew = span == 0 || book?.updateID != stood[place]
                                json.object { book?.write(&$0, withLevels: isNew) }
                            }
                        }
                    )
                }
            )
        }
    }

    // MARK: replies

    private func reply(_ body: (inout JSONWriter) -> Void) -> HTTPReply {
        var json = JSONWriter()
        json.object(body)
        return HTTPReply(body: json.bytes)
    }

    private func failure(_ status: HTTPResponseStatus, _ text: String) -> HTTPReply {
        var reply = reply { $0.field("error", text) }
        reply.status = status
        return reply
    }
}

/// A book as the matching engine holds it, beside the `u` of the depth's last push.
struct OwnBook {
    private let id: InstrumentID
    private let depth: Int
    private let book: BookUpdate
    let updateID: Int64

    /// - Parameter text: `linear/BTCUSDT/50`; a combination's symbol has a slash of its own.
    init?(_ text: String, of driver: MarketDriver) {
        let parts = text.split(separator: "/")
        guard parts.count >= 3, let depth = parts.last.flatMap({ Int($0) }), depth > 0,
            let category = Category(name: parts[0]),
            let symbol = Symbol(parts[1..<(parts.count - 1)].joined(separator: "/"))
        else { return nil }
        let id = InstrumentID(category, symbol)
        guard let book = driver.exchange.orderBook(id, limit: depth) else { return nil }
        self.id = id
        self.depth = depth
        self.book = book
        updateID = driver.exchange.bookSnapshot(id, depth: depth)?.updateID ?? 0
    }

    func write(_ json: inout JSONWriter, withLevels: Bool = true) {
        json.field("category", id.category.name)
        json.field("symbol", id.symbol.description)
        json.field("depth", depth)
        json.field("u", updateID)
        guard withLevels else { return }
        for (name, levels) in [("b", book.bids), ("a", book.asks)] {
            json.field(
                name,
                array: { json in
                    for level in levels {
                        json.array {
                            $0.value(level.price.description)
                            $0.value(level.size.description)
                        }
                    }
                }
            )
        }
    }
}
