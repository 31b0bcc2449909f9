import ArgumentParser
import Journal
import Market
import Runtime
import Trading

struct StateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Books, orders, positions and wallet at a position of a recording.",
        discussion:
            "Everything is rebuilt from the recording alone. Example: tapedeck state last --at start+10s"
    )

    @OptionGroup var options: RecordingOptions

    @Option(
        help: ArgumentHelp(
            "After this record or time; the default is the end.",
            valueName: "position"
        )
    )
    var at: String?

    @Option(help: ArgumentHelp("Levels of each book to print.", valueName: "n"))
    var depth = 3

    func run() throws {
        let recording = try options.openSound()
        try Sandbox.denyOutgoing()
        let manifest = recording.manifest
        let position = try at.map { try ResolvedPosition($0, in: recording) }
        var walk = Walk(registry: TapedeckMain.strategies)
        var bar = ProgressBar("rebuilding", total: manifest.last.value)
        walk.progress = { bar.update($0.value) }
        let end: (engine: Engine, start: SessionStart)?
        do throws(ReplayError) {
            end = try walk.run(
                recording,
                isPast: { position?.isBefore($0, $1) ?? false },
                visit: { _, _ in true }
            )
        } catch {
            throw ReplayCommand.failure(error)
        }
        bar.finish()
        guard let engine = end?.engine else {
            throw Failure(
                .notFound,
                "no record lies at or before that position",
                at: recording.path,
                do: "The recording holds \(manifest.first) to \(manifest.last)."
            )
        }
        if options.json { printJSON(engine) } else { printText(engine) }
    }

    private func printText(_ engine: Engine) {
        Printing.result("after      record \(engine.cause), \(engine.time)")
        Printing.result("state      \(StateReport.hexadecimal(engine.stateReport().combinedHash))")
        if let halt = engine.haltReason { Printing.result("halted     \(halt)") }
        for market in engine.markets {
            for feed in market.state.feeds { printBook(market.instrument, feed) }
        }
        Printing.result("")
        let open = engine.orders.filter { !$0.isClosed }
        Printing.result("orders     \(open.count) open, \(engine.orders.count) known")
        for order in open {
            Printing.result(
                "           \(order.instrument) \(order.side.name) \(order.quantity)"
                    + " @ \(order.price?.description ?? "market") \(order.orderLinkID)"
                    + " \(order.phase.rawValue)"
            )
        }
        for (instrument, account) in StateCommand.rows(engine.ledger.accounts) {
            let position = account.position
            let unrealised = StateCommand.unrealised(position, engine.reference(instrument))
            Printing.result(
                "position   \(instrument) \(position.size)"
                    + (position.entryPrice.map { " @ \($0)" } ?? "")
                    + "  realised \(position.realised)  fees \(position.fees)"
                    + "  funding \(position.funding)  unrealised \(unrealised)"
            )
        }
        for (coin, wallet) in StateCommand.rows(engine.ledger.wallets) {
            Printing.result("wallet     \(coin) \(wallet.balance?.description ?? "not known yet")")
        }
    }

    private func printBook(_ instrument: InstrumentID, _ feed: BookFeed) {
        let scale = feed.book.scale
        Printing.result("")
        Printing.result(
            "book       \(instrument) depth \(feed.depth), \(feed.freshness.rawValue),"
                + " u \(feed.updateID), levels \(feed.book.bids.count)/\(feed.book.asks.count)"
        )
        for place in 0..<max(0, depth) {
            let bid = feed.book.bids.indices.contains(place) ? feed.book.bids[place] : nil
            let ask = feed.book.asks.indices.contains(place) ? feed.book.asks[place] : nil
            guard bid != nil || ask != nil else { break }
            Printing.result(
                Columns.line([
                    ("", 9), (bid?.size.text(decimals: scale.quantityDecimals) ?? "", -14),
                    (bid?.price.text(decimals: scale.priceDecimals) ?? "", -14),
                    (ask?.price.text(decimals: scale.priceDecimals) ?? "", 14),
                    (ask?.size.text(decimals: scale.quantityDecimals) ?? "", 14),
                ])
            )
        }
    }

    private func printJSON(_ engine: Engine) {
        Printing.json(schema: "state") {
            $0.field("sequence", engine.cause)
            $0.field("time", engine.time.description)
            $0.field("state_hash", StateReport.hexadecimal(engine.stateReport().combinedHash))
            $0.field("halted", engine.haltReason ?? "")
            $0.field("books", array: { StateCommand.write(engine.markets, depth, &$0) })
            $0.field(
                "orders",
                array: { rows in
                    for order in engine.orders where !order.isClosed {
                        rows.object {
                            $0.field("category", order.instrument.category.name)
                            $0.field("symbol", order.instrument.symbol.description)
                            $0.field("order_link_id", order.orderLinkID)
                            $0.field("order_id", order.orderID)
                            $0.field("strategy", order.strategy)
                            $0.field("side", order.side.name)
                            $0.field("price", order.price?.description ?? "")
                            $0.field("quantity", order.quantity.description)
                            $0.field("remaining", order.remaining.description)
                            $0.field("phase", order.phase.rawValue)
                        }
                    }
                }
            )
            $0.field(
                "positions",
                array: { rows in
                    for (instrument, account) in StateCommand.rows(engine.ledger.accounts) {
                        let position = account.position
                        rows.object {
                            $0.field("category", instrument.category.name)
                            $0.field("symbol", instrument.symbol.description)
                            $0.field("size", position.size.description)
                            $0.field("entry_price", position.entryPrice?.description ?? "")
                            $0.field("realised", position.realised.description)
                            $0.field("fees", position.fees.description)
                            $0.field("funding", position.funding.description)
                            $0.field(
                                "unrealised",
                                StateCommand.unrealised(position, engine.reference(instrument))
                            )
                        }
                    }
                }
            )
            $0.field(
                "wallets",
                array: { rows in
                    for (coin, wallet) in StateCommand.rows(engine.ledger.wallets) {
                        rows.object {
                            $0.field("coin", coin)
                            $0.field("balance", wallet.balance?.description ?? "")
                        }
                    }
                }
            )
        }
    }

    private static func write(
        _ markets: [(instrument: InstrumentID, state: MarketState)],
        _ depth: Int,
        _ writer: inout JSONWriter
    ) {
        for market in markets {
            for feed in market.state.feeds {
                let scale = feed.book.scale
                writer.object {
                    $0.field("category", market.instrument.category.name)
                    $0.field("symbol", market.instrument.symbol.description)
                    $0.field("depth", feed.depth)
                    $0.field("freshness", feed.freshness.rawValue)
                    $0.field("u", feed.updateID)
                    $0.field("seq", feed.crossSequence)
                    $0.field("bid_levels", feed.book.bids.count)
                    $0.field("ask_levels", feed.book.asks.count)
                    $0.field("bids", array: { write(feed.book.bids, depth, scale, &$0) })
                    $0.field("asks", array: { write(feed.book.asks, depth, scale, &$0) })
                }
            }
        }
    }

    private static func write(
        _ levels: [Level],
        _ depth: Int,
        _ scale: Scale,
        _ writer: inout JSONWriter
    ) {
        for level in levels.prefix(max(0, depth)) {
            writer.array {
                $0.value(level.price.text(decimals: scale.priceDecimals))
                $0.value(level.size.text(decimals: scale.quantityDecimals))
            }
        }
    }

    private static func unrealised(_ position: Trading.Position, _ price: Numeral?) -> String {
        guard let price else { return position.isFlat ? "0" : "" }
        do throws(NumberError) {
            return try position.unrealised(at: price).description
        } catch {
            return error.description
        }
    }

    static func rows<Key, Value>(
        _ table: OrderedTable<Key, Value>
    ) -> [(Key, Value)] {
        Array(zip(table.keys, table.values))
    }
}
