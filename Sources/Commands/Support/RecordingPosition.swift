import Foundation
import Journal
import Market

/// A place in a recording as the command line writes it.
///
/// Digits are a sequence number; RFC 3339 and `@` + Unix milliseconds are times; `start+90s`, `end-5m`, `end`.
enum RecordingPosition: Equatable {
    case sequence(SequenceNumber)
    case time(Timestamp)
    case fromStart(nanoseconds: Int64)
    case fromEnd(nanoseconds: Int64)

    init(_ text: String) throws {
        if !text.isEmpty, text.allSatisfy(\.isNumber), let number = UInt64(text) {
            self = .sequence(SequenceNumber(number))
        } else if text.hasPrefix("@"), let milliseconds = Int64(text.dropFirst()),
            let time = Timestamp(milliseconds: milliseconds)
        {
            self = .time(time)
        } else if text == "start" {
            self = .fromStart(nanoseconds: 0)
        } else if text == "end" {
            self = .fromEnd(nanoseconds: 0)
        } else if text.hasPrefix("start+") {
            self = .fromStart(nanoseconds: try DurationText.nanoseconds(String(text.dropFirst(6))))
        } else if text.hasPrefix("end-") {
            self = .fromEnd(nanoseconds: try DurationText.nanoseconds(String(text.dropFirst(4))))
        } else if let time = RecordingPosition.time(text) {
            self = .time(time)
        } else {
            throw Failure(
                .usage,
                "\(text) is not a position",
                do: "Write a sequence number (90240), a time (2026-01-13T00:00:00Z), @ and Unix"
                    + " milliseconds, start+90s, end-5m or end."
            )
        }
    }

    /// Whether it says where it is without knowing where the recording begins and ends.
    var isAbsolute: Bool {
        switch self {
        case .sequence, .time: true
        case .fromStart, .fromEnd: false
        }
    }

    /// RFC 3339 with up to nine digits of a second.
    static func time(_ text: String) -> Timestamp? {
        var whole = text
        var fraction: Int64 = 0
        if let point = text.firstIndex(of: "."),
            let end = text[point...].dropFirst().firstIndex(where: { !$0.isNumber })
        {
            let digits = text[text.index(after: point)..<end]
            guard (1...9).contains(digits.count), let number = Int64(digits) else { return nil }
            fraction = number * PowerOfTen.int64(9 - digits.count)
            whole = String(text[..<point]) + String(text[end...])
        }
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime]
        guard let date = formatter.date(from: whole) else { return nil }
        let seconds = Int64(date.timeIntervalSince1970.rounded())
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? nil : Timestamp(nanoseconds: nanoseconds + fraction)
    }

    /// The place in a recording that lasts from `first` to `last`.
    func resolved(first: Timestamp, last: Timestamp) -> ResolvedPosition {
        switch self {
        case .sequence(let number): .sequence(number)
        case .time(let time): .time(time)
        case .fromStart(let nanoseconds): .time(first.advanced(nanoseconds: nanoseconds))
        case .fromEnd(let nanoseconds): .time(last.advanced(nanoseconds: -nanoseconds))
        }
    }
}

/// A position without reference to the ends of a recording.
enum ResolvedPosition: Equatable {
    case sequence(SequenceNumber)
    case time(Timestamp)

    /// A single place, which must lie in the recording.
    ///
    /// - Throws: 66 where it does not.
    init(_ text: String, in recording: Recording) throws {
        let manifest = recording.manifest
        self = try RecordingPosition(text).resolved(first: manifest.started, last: manifest.ended)
        guard manifest.first != .none else { return }
        if isBefore(manifest.first, manifest.started) || isAfter(manifest.last, manifest.ended) {
            throw Failure(noPosition: text, in: recording)
        }
    }

    func isBefore(_ sequence: SequenceNumber, _ time: Timestamp) -> Bool {
        switch self {
        case .sequence(let own): own < sequence
        case .time(let own): own < time
        }
    }

    func isAfter(_ sequence: SequenceNumber, _ time: Timestamp) -> Bool {
        !isAtOrBefore(sequence, time)
    }

    func isAtOrBefore(_ sequence: SequenceNumber, _ time: Timestamp) -> Bool {
        switch self {
        case .sequence(let own): own <= sequence
        case .time(let own): own <= time
        }
    }
}

/// Durations such as `250ms`, `30s`, `5m`, `2h`, `7d`.
enum DurationText {
    static func nanoseconds(_ text: String) throws -> Int64 {
        let units: [(suffix: String, nanoseconds: Int64)] = [
            ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
            ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
        ]
        for unit in units where text.hasSuffix(unit.suffix) {
            let digits = text.dropLast(unit.suffix.count)
            guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
                continue
            }
            guard let count = Int64(digits) else { break }
            let (product, overflow) = count.multipliedReportingOverflow(by: unit.nanoseconds)
            if overflow { break }
            return product
        }
        throw Failure(
            .usage,
            "\(text) is not a duration",
            do: "Write 250ms, 30s, 5m, 2h or 7d."
        )
    }
}
