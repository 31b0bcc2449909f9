import Market

/// The UTC days of executions, as text; the last one is kept, since the next is mostly the same.
struct Days {
    private static let nanoseconds: Int64 = 86_400_000_000_000

    private var day = Int64.min
    private var text = ""

    /// Instead of a day, for what was earned before a recording's first record; nobody kept on which day.
    static func before(_ sequence: SequenceNumber) -> String { "before record \(sequence)" }

    /// Of the exchange's time; of the record's where the exchange gives none.
    mutating func text(of execution: ExecutionReport, at place: Provenance) -> String {
        let time =
            execution.timeMilliseconds > 0
            ? Timestamp(milliseconds: execution.timeMilliseconds) ?? place.time : place.time
        return text(of: time)
    }

    mutating func text(of time: Timestamp) -> String {
        let (quotient, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: Days.nanoseconds)
        let day = rest < 0 ? quotient - 1 : quotient
        if day != self.day {
            self.day = day
            text = String(time.description.prefix(10))
        }
        return text
    }
}
