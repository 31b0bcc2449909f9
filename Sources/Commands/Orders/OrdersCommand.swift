import ArgumentParser
import Journal
import Market
import Runtime
import Trading

struct OrdersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orders",
        abstract: "One line an order: its states, and the time of each hop.",
        discussion: """
            Hops are by this recording's own receive times: SENT from the decision until the request left, ACK from there \
            until the exchange's answer, OPEN until its first row, FILL until the first execution, LIFE from the decision to \
            the end. Orders of others (`external`) have no decision. --json prints one object an order, with each of its \
            steps, record and time.

            A recording of imported history knows no receive times: its hops are refused, and so is --slow (2).

            Example: tapedeck orders last --slow
            """
    )

    @OptionGroup var options: RecordingOptions

    @Flag(help: "Those first that waited longest for the exchange's first word.")
    var slow = false

    func run() throws {
        let recording = try options.openSound()
        let knowsArrivalTimes = recording.manifest.knowsArrivalTimes
        guard knowsArrivalTimes || !slow else {
            throw Failure(
                .undecided,
                OrdersCommand.refusal,
                at: recording.path,
                do: "Leave --slow out: all but the hops is printed. " + OrdersCommand.todo
            )
        }
        try Sandbox.denyOutgoing()
        var lives = try OrdersCommand.lives(of: recording)
        if slow { lives = OrdersCommand.slowest(lives) }
        if !knowsArrivalTimes { Printing.note("\(OrdersCommand.refusal). \(OrdersCommand.todo)") }
        if options.json {
            return lives.forEach { printJSON($0, knowsArrivalTimes: knowsArrivalTimes) }
        }
        guard !lives.isEmpty else {
            Printing.note("the recording holds no order")
            return
        }
        Printing.result(OrdersCommand.header)
        for life in lives {
            Printing.result(OrdersCommand.line(life, knowsArrivalTimes: knowsArrivalTimes))
        }
    }

    private static let refusal =
        "the times of the hops are refused: the recording was imported, and \(Manifest.arrivalUnknown)"
    private static let todo =
        "They are known of what `tapedeck record`, `trade` or `proxy` recorded itself."

    static func lives(of recording: Recording) throws -> [OrderLife] {
        var lives = OrderLives()
        let store = CheckpointStore(recording, registry: TapedeckMain.strategies)
        var walk = Walk(registry: TapedeckMain.strategies)
        var bar = ProgressBar("reading", total: recording.last.value)
        walk.progress = { bar.update($0.value) }
        walk.checkpoints = store
        do throws(ReplayError) {
            try walk.run(recording) { step, engine throws(ReplayError) in
                lives.take(step, engine)
                return true
            }
        } catch {
            throw ReplayCommand.failure(error)
        }
        bar.finish()
        KeptStates.tell(store)
        return lives.lives
    }

    /// Longest first; those without a latency behind, each in the order of the recording.
    static func slowest(_ lives: [OrderLife]) -> [OrderLife] {
        lives.enumerated().map { (place: $0.offset, life: $0.element) }
            .sorted {
                let (left, right) = ($0.life.latency ?? -1, $1.life.latency ?? -1)
                return left == right ? $0.place < $1.place : left > right
            }
            .map(\.life)
    }

    private static let header = Columns.line([
        ("DECIDED OR OPENED", 30), ("STRATEGY", 10), ("INSTRUMENT", 20), ("ORDER", 30),
        ("STATUS", 16), ("FILLED", -12), ("SENT", -9), ("ACK", -9), ("OPEN", -9), ("FILL", -9),
        ("LIFE", -9), ("ID", 0),
    ])

    private static func line(_ life: OrderLife, knowsArrivalTimes: Bool) -> String {
        let times = life.hops.map {
            knowsArrivalTimes ? $0.nanoseconds.map(words) ?? "-" : "refused"
        }
        let price = life.price.map { " @ \($0)" } ?? " at market"
        let begin = life.moments.first?.time.description ?? "-"
        return Columns.line(
            [
                (begin, 30), (life.strategy, 10), ("\(life.instrument)", 20),
                ("\(life.side.name) \(life.quantity)\(price)", 30), (status(life), 16),
                (life.filled.description, -12),
            ] + times.map { ($0, -9) }
                + [(life.orderLinkID.isEmpty ? life.orderID : life.orderLinkID, 0)]
        )
    }

    /// The exchange's word; before there is one, how far the request came.
    private static func status(_ life: OrderLife) -> String {
        life.status?.name ?? life.moments.last?.step.rawValue ?? ""
    }

    /// `840 µs`, `12.3 ms`, `4.5 s`: three digits or more.
    static func words(_ nanoseconds: Int64) -> String {
        switch nanoseconds {
        case ..<1_000_000: "\(nanoseconds / 1_000) µs"
        case ..<1_000_000_000:
            "\(nanoseconds / 1_000_000).\(nanoseconds / 100_000 % 10) ms"
        default: Columns.duration(nanoseconds)
        }
    }

    private func printJSON(_ life: OrderLife, knowsArrivalTimes: Bool) {
        Printing.json(schema: "orders") {
            $0.field("category", life.instrument.category.name)
            $0.field("symbol", life.instrument.symbol.description)
            $0.field("order_link_id", life.orderLinkID)
            $0.field("order_id", life.orderID)
            $0.field("strategy", life.strategy)
            $0.field("side", life.side.name)
            $0.field("type", life.type.name)
            $0.field("time_in_force", life.timeInForce.name)
            $0.field("quantity", life.quantity.description)
            $0.field("price", life.price?.description ?? "")
            $0.field("status", life.status?.name ?? "")
            $0.field("filled", life.filled.description)
            $0.field("fills", life.fills)
            $0.field("arrival_times_known", knowsArrivalTimes)
            $0.nested("nanoseconds") { json in
                guard knowsArrivalTimes else { return }
                for hop in life.hops {
                    if let nanoseconds = hop.nanoseconds { json.field(hop.name, nanoseconds) }
                }
                if let latency = life.latency { json.field("first_word", latency) }
            }
            $0.field(
                "steps",
                array: { rows in
                    for moment in life.moments {
                        rows.object {
                            $0.field("step", moment.step.rawValue)
                            $0.field("sequence", moment.sequence)
                            $0.field("time", moment.time.description)
                            if !moment.note.isEmpty { $0.field("note", moment.note) }
                        }
                    }
                }
            )
        }
    }
}
