import Glibc
import Journal
import Market
import Runtime
import Trading

/// A long recording in which the strategy changes somewhere, and the search for that place.
enum BisectMode {
    static let path = RecordMode.directory + "tapedeck-planted"

    static func plant(_ workload: Workload, _ rounds: Int) throws -> String {
        PlantedMaker.from = UInt64(workload.messages.count * rounds / 3 * 2)
        let said = try SessionMode.record(
            workload,
            path: path,
            rounds: rounds,
            registry: registry
        )
        guard let file = fopen(path + ".place", "w") else { throw BenchError("no place") }
        defer { fclose(file) }
        fputs(String(PlantedMaker.from), file)
        return said
    }

    private static func place() throws -> UInt64 {
        guard let file = fopen(path + ".place", "r") else { throw BenchError("no place") }
        defer { fclose(file) }
        var digits = [CChar](repeating: 0, count: 32)
        fgets(&digits, 32, file)
        let text = digits.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return UInt64(String(decoding: text, as: UTF8.self)) ?? 0
    }

    private static var registry: StrategyRegistry {
        var registry = StrategyRegistry.standard
        registry.register(PlantedMaker.self)
        return registry
    }

    /// Today's maker against the recorded one.
    static func search() throws -> String {
        let measurement = Measurement()
        let recording = try Recording.open(path)
        let result = try Bisect(registry: .standard).run(recording)
        guard let found = result.divergence else { throw BenchError("nothing was found") }
        return measurement.line(
            mode: "bisect",
            count: Int(recording.last.value),
            extra: [
                ("probes", String(result.probes)), ("read", String(result.records)),
                ("found", found.sequence.description), ("cause", found.cause.description),
                ("fields", String(result.state?.fields.count ?? -1)),
            ]
        )
    }

    /// A whole replay with the maker that changes, on one core as the search is.
    static func whole() throws -> String {
        // A number is all that the change depends on: it is kept beside the recording.
        PlantedMaker.from = try place()
        let measurement = Measurement()
        let recording = try Recording.open(path)
        let result = try Replay(registry: registry).run(recording)
        return measurement.line(
            mode: "whole",
            count: Int(recording.last.value),
            extra: [("result", result.word), ("commands", String(result.commands.equal))]
        )
    }
}

/// The maker, with one timer more at each look from a record on; its state is the maker's own.
struct PlantedMaker: Strategy {
    static let kind = Maker.kind
    nonisolated(unsafe) static var from = UInt64.max

    private var maker: Maker

    init(parameters: Maker.Parameters) { maker = Maker(parameters: parameters) }

    init(from decoder: any Decoder) throws { maker = try Maker(from: decoder) }

    func encode(to encoder: any Encoder) throws { try maker.encode(to: encoder) }

    mutating func started(_ desk: inout Desk) { maker.started(&desk) }

    mutating func timerFired(_ name: String, _ desk: inout Desk) {
        if desk.cause.value >= Self.from { desk.setTimer("planted", afterMilliseconds: 3_600_000) }
        maker.timerFired(name, &desk)
    }

    mutating func bookChanged(_ instrument: InstrumentID, _ desk: inout Desk) {
        maker.bookChanged(instrument, &desk)
    }

    mutating func orderChanged(_ order: Order, _ desk: inout Desk) {
        maker.orderChanged(order, &desk)
    }
}
