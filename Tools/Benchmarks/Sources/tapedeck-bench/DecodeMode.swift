import Bybit
import Market

/// Every message decoded, every order book push applied to its book, the touch read after it.
enum DecodeMode {
    static func run(_ workload: Workload) throws -> String {
        let routes = workload.streams.map { StreamRoute($0) }
        let instruments = try Contracts.instruments()
        var books = instruments.map { Book(scale: $0.scale) }
        var lastUpdates = instruments.map { _ in Int64(0) }
        var places: [Symbol: Int] = [:]
        for (place, instrument) in instruments.enumerated() { places[instrument.id.symbol] = place }
        let decoder = MessageDecoder()
        var event = Event()
        var sink: Int64 = 0
        var findings = 0

        let measurement = Measurement()
        for message in workload.messages {
            decoder.decode(routes[message.stream], message.payload, into: &event)
            findings += event.findings.count
            guard event.kind == .book else { continue }
            guard let place = places[event.symbol] else { throw BenchError("\(event.symbol)") }
            try apply(event.book, to: &books[place])
            lastUpdates[place] = event.book.updateID
            sink &+= books[place].bestBid?.price.units ?? 0
            sink &+= books[place].bestAsk?.price.units ?? 0
        }
        let digest = Contracts.digest(
            books.indices.map { place in
                (
                    bid: Contracts.eighths(books[place].bestBid, books[place].scale),
                    ask: Contracts.eighths(books[place].bestAsk, books[place].scale),
                    updateID: lastUpdates[place]
                )
            }
        )
        return measurement.line(
            mode: "decode",
            count: workload.messages.count,
            extra: [("digest", digest), ("findings", String(findings)), ("sink", String(sink))]
        )
    }

    static func apply(_ update: BookUpdate, to book: inout Book) throws {
        if update.isSnapshot { book.removeAll() }
        let scale = book.scale
        for level in update.bids {
            book.set(
                .buy,
                price: try scale.price(level.price),
                size: try scale.quantity(level.size)
            )
        }
        for level in update.asks {
            book.set(
                .sell,
                price: try scale.price(level.price),
                size: try scale.quantity(level.size)
            )
        }
    }
}
