import Bybit
import Foundation
import Journal
import Market
import Runtime
import Trading

/// A session without a market, recorded as a session does it: ticks, the timers that its strategies set, a segment with
/// the state at its front now and then.
struct MadeSession {
    static let began = Timestamp(nanoseconds: 1_767_225_600_000_000_000)

    private let recorder: Recorder
    private var stepper: Stepper
    private let start: SessionStart
    private var time = MadeSession.began
    private var timers: [(strategy: String, name: String, due: Timestamp)] = []
    private var outputs = Outputs()
    private var streams: [String: (id: StreamID, name: StreamName, route: StreamRoute)] = [:]
    private(set) var records = SequenceNumber.none

    init(
        _ path: String,
        _ registry: StrategyRegistry,
        kinds: [String],
        behaviour: Int = SessionStart.behaviourVersion,
        format: Int = SessionStart.formatVersion,
        options: RecorderOptions = RecorderOptions()
    ) throws {
        recorder = try Recorder.open(path, options: options)
        var start = SessionStart(
            session: "made",
            run: 1,
            program: "0.0.1",
            build: "made",
            account: "main",
            strategies: kinds.map { StrategyConfiguration(name: $0, kind: $0) },
            limits: [],
            configuration: [],
            wall: time,
            monotonicNanoseconds: 0
        )
        start.strategyVersions = kinds.map { registry.type(of: $0)?.encodingVersion ?? 1 }
        start.behaviour = behaviour
        start.format = format
        self.start = start
        stepper = Stepper(
            engine: try Engine(configuration: start.engineConfiguration, registry: registry)
        )
        let payload = start.payload()
        let sequence = try recorder.start(time: time, payload: payload)
        let name = StreamName("session/start")
        try payload.withUnsafeBytes { try step(sequence, name, StreamRoute(name), $0) }
    }

    /// Ticks until there are so many records; a segment of its own each `segment` records.
    mutating func run(records count: UInt64, segment: UInt64 = .max) throws {
        var next = segment
        while records.value < count {
            while recorder.queuedBytes > 1 << 20 { usleep(500) }
            time = time.advanced(nanoseconds: 50_000_000)
            if let place = timers.indices.min(by: { timers[$0].due < timers[$1].due }),
                timers[place].due <= time
            {
                let timer = timers.remove(at: place)
                try feed("desk/timer") {
                    $0.field("strategy", timer.strategy)
                    $0.field("name", timer.name)
                    $0.field("due", String(timer.due.nanoseconds))
                }
            } else {
                let monotonic = String(time.nanoseconds - start.wall.nanoseconds)
                try feed("session/tick") { $0.field("monotonic", monotonic) }
            }
            if records.value >= next {
                next += segment
                try recorder.roll(
                    checkpoint: SegmentCheckpoint.encode(start, stepper.engine)
                )
            }
        }
    }

    func seal() throws { _ = try recorder.seal() }

    private mutating func feed(_ stream: String, _ body: (inout JSONWriter) -> Void) throws {
        var writer = JSONWriter()
        writer.object(body)
        let known = try self.stream(stream)
        try writer.bytes.withUnsafeBytes { payload in
            let sequence = try recorder.append(known.id, time: time, payload: payload)
            try step(sequence, known.name, known.route, payload)
        }
    }

    private mutating func step(
        _ sequence: SequenceNumber,
        _ name: StreamName,
        _ route: StreamRoute,
        _ payload: UnsafeRawBufferPointer
    ) throws {
        records = sequence
        outputs.removeAll()
        let header = RecordHeader(sequence: sequence, time: time, stream: name)
        stepper.step(header, route: route, payload: payload, outputs: &outputs)
        for (place, output) in outputs.elements.enumerated() {
            let stream = try stream(output.stream)
            records = try outputs.withPayload(place) {
                try recorder.append(stream.id, time: time, payload: $0)
            }
            if case .command(let command) = output,
                case .setTimer(let name, let due) = command.action
            {
                timers.removeAll { $0.strategy == command.strategy && $0.name == name }
                timers.append((command.strategy, name, due))
            }
        }
    }

    private mutating func stream(
        _ name: String
    ) throws -> (id: StreamID, name: StreamName, route: StreamRoute) {
        if let known = streams[name] { return known }
        let stream = StreamName(name)
        let made = (try recorder.stream(named: name), stream, StreamRoute(stream))
        streams[name] = made
        return made
    }
}

/// A folder of a test's own, gone with it.
final class MadeFolder: Sendable {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "tapedeck-replaying-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
