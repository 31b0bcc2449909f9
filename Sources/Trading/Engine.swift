public import Market

/// The trading core: one record in, what is to be done and what was noticed out.
///
/// A value that is changed in place. It knows nothing but the records it was given, so that the same records lead
/// to the same outputs in every process and build. Within one record: continuity, books and ledger first, then the
/// strategies in the order of the configuration, each of their intents through risk at once.
public struct Engine: Sendable {
    /// Counts up when the same input can lead to another command: decoding, ledger, risk, order tracking.
    public static let behaviourVersion = 8
    /// State is reported after the first input at or past each multiple of this.
    public static let stateInterval: UInt64 = 16_384

    /// One strategy at its place.
    struct Seat: Sendable {
        let name: String
        let kind: String
        let version: Int
        var logic: any Strategy
    }

    public internal(set) var configuration: EngineConfiguration
    public let limits: RiskLimits
    var desk: Desk
    var seats: [Seat] = []
    var rollingHash: UInt64 = 0
    var nextStateAt = Engine.stateInterval
    var isStarted = false
    /// Whether ``stateInterval`` counts: who folds a recording and compares no state is spared the walk over all of it.
    ///
    /// No part of the state.
    package var reportsState = true

    public init(
        configuration: EngineConfiguration,
        registry: StrategyRegistry = .standard
    ) throws(EngineError) {
        self.configuration = configuration
        let names = configuration.strategies.map(\.name)
        for (place, name) in names.enumerated() {
            guard Engine.isName(name), !names[..<place].contains(name) else {
                throw .strategyName(name)
            }
        }
        do throws(SettingError) {
            limits = try RiskLimits(configuration.limits)
            for strategy in configuration.strategies {
                let logic = try registry.make(strategy)
                seats.append(
                    Seat(
                        name: strategy.name,
                        kind: strategy.kind,
                        version: type(of: logic).encodingVersion,
                        logic: logic
                    )
                )
            }
        } catch {
            throw .setting(error)
        }
        desk = Desk(
            session: configuration.session,
            limits: limits,
            categories: configuration.categories,
            strategies: names,
            fault: configuration.ledgerFault
        )
        // A state that cannot be encoded is refused now, and not in the middle of a session.
        for seat in seats {
            do {
                _ = try CanonicalEncoder().hash(seat.logic)
            } catch {
                throw .state(strategy: seat.name, why: "\(error)")
            }
        }
    }

    private static func isName(_ name: String) -> Bool {
        guard (1...32).contains(name.utf8.count), name != Desk.own, name != Order.external else {
            return false
        }
        return name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    /// Takes in one record and appends what it leads to, in order.
    ///
    /// - Parameter event: the decoded record; it is only read.
    /// - Parameter header: its place, time and stream.
    public mutating func apply(
        _ event: Event,
        at header: RecordHeader,
        outputs: inout Outputs
    ) {
        var event = event
        apply(&event, at: header, outputs: &outputs)
    }

    /// The same for an event that is lent.
    ///
    /// - Parameter event: not changed; read where it lies, since a copy of its 2 KB costs more than most events.
    package mutating func apply(
        _ event: inout Event,
        at header: RecordHeader,
        outputs: inout Outputs
    ) {
        desk.begin(header)
        if !event.findings.isEmpty { desk.decodeFindings(event.findings, header) }
        dispatch(&event, header)
        if !desk.news.isEmpty { tellNews() }
        if !desk.outputs.isEmpty {
            for output in desk.outputs {
                outputs.append(output)
                let hash = outputs.withPayload(outputs.count - 1) { Mix.hash($0) }
                rollingHash = Mix.combine(rollingHash, hash)
            }
            desk.outputs.removeAll(keepingCapacity: true)
        }
        if header.sequence.value >= nextStateAt {
            nextStateAt =
                (header.sequence.value / Engine.stateInterval + 1) * Engine.stateInterval
            guard reportsState else { return }
            desk.orderStore.refreshHashes()
            outputs.append(.state(stateReport()))
        }
    }
}
