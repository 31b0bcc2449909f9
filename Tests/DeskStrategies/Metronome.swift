public import Trading

/// A strategy that needs no market: a timer each 100 ms, and a note at each beat.
public struct Metronome: Strategy {
    public static let kind = "metronome"

    public private(set) var beats = 0

    public init(parameters: NoParameters) {}

    public mutating func started(_ desk: inout Desk) {
        desk.setTimer("beat", afterMilliseconds: 100)
    }

    public mutating func timerFired(_ name: String, _ desk: inout Desk) {
        beats += 1
        desk.setTimer("beat", afterMilliseconds: 100)
    }
}

/// The same under the same name, changed for good from one beat on.
public struct LateMetronome: Strategy {
    public static let kind = Metronome.kind
    public static let changesAt = 9_000

    public private(set) var beats = 0

    public init(parameters: NoParameters) {}

    public mutating func started(_ desk: inout Desk) {
        desk.setTimer("beat", afterMilliseconds: 100)
    }

    public mutating func timerFired(_ name: String, _ desk: inout Desk) {
        beats += 1
        desk.setTimer("beat", afterMilliseconds: beats >= Self.changesAt ? 150 : 100)
    }
}

/// With a note at one beat: a finding more, and nothing else.
public struct SlippedMetronome: Strategy {
    public static let kind = Metronome.kind

    public private(set) var beats = 0

    public init(parameters: NoParameters) {}

    public mutating func started(_ desk: inout Desk) {
        desk.setTimer("beat", afterMilliseconds: 100)
    }

    public mutating func timerFired(_ name: String, _ desk: inout Desk) {
        beats += 1
        if beats == LateMetronome.changesAt { desk.note("once") }
        desk.setTimer("beat", afterMilliseconds: 100)
    }
}

/// Says the same, and counts otherwise from one beat on: its state differs and no command does.
public struct RefactoredMetronome: Strategy {
    public static let kind = Metronome.kind

    public private(set) var beats = 0

    public init(parameters: NoParameters) {}

    public mutating func started(_ desk: inout Desk) {
        desk.setTimer("beat", afterMilliseconds: 100)
    }

    public mutating func timerFired(_ name: String, _ desk: inout Desk) {
        beats += beats == 5_000 ? 2 : 1
        desk.setTimer("beat", afterMilliseconds: 100)
    }
}

/// The same with a state of a later version.
public struct RenamedMetronome: Strategy {
    public static let kind = Metronome.kind
    public static let encodingVersion = 2

    public private(set) var count = 0

    public init(parameters: NoParameters) {}

    public mutating func started(_ desk: inout Desk) {
        desk.setTimer("beat", afterMilliseconds: 100)
    }

    public mutating func timerFired(_ name: String, _ desk: inout Desk) {
        count += 1
        desk.setTimer("beat", afterMilliseconds: 100)
    }
}
