import Journal
import Live
import Market

/// Which records go into a bundle: looked through once before any is written.
struct BundlePart {
    var start = CursorStart.beginning
    /// The last record that goes in; `nil`: the recording's last.
    var last: SequenceNumber?
    /// What was found in the part.
    private(set) var records: UInt64 = 0
    private(set) var first = SequenceNumber.none
    private(set) var end = SequenceNumber.none
    private(set) var started = Timestamp.zero
    private(set) var ended = Timestamp.zero
    /// By stream, in the order of the first.
    private(set) var leftOut: [(stream: String, records: UInt64)] = []

    func isPast(_ sequence: SequenceNumber, _ time: Timestamp) -> Bool {
        last.map { sequence > $0 } ?? false
    }

    // MARK: - Whose data

    /// A stream that tells of an account: its orders, its questions, what a strategy decided.
    static func isOfAccount(_ name: StreamName) -> Bool {
        switch name.kind {
        case .privateTopic, .privateOther, .trade, .command, .verdict: true
        case .rest(let account, _, _): account != "public"
        case .sent(let rest), .link(let rest):
            !rest.hasPrefix("public/") && !rest.hasPrefix("rest/public")
        default: false
        }
    }

    /// A stream that tells of the market and of the recorder alone, beside an account.
    static func isOpen(_ name: StreamName) -> Bool {
        switch name.kind {
        case .publicTopic, .publicOther, .sessionTick, .sessionClock, .sessionEnd, .sessionChannel:
            true
        case .rest, .sent, .link: !isOfAccount(name)
        default: false
        }
    }

    // MARK: - Looking

    /// The records around a text, such as an order's id: so long before its first and behind its last.
    ///
    /// - Throws: 66 where no record holds it.
    static func around(
        _ text: String,
        margin: Int64,
        in recording: Recording
    ) throws -> (from: Timestamp, to: Timestamp) {
        let needle = Array(text.utf8)
        var found: (first: Timestamp, last: Timestamp)?
        do throws(JournalError) {
            let cursor = try recording.cursor()
            while let record = try cursor.next() {
                guard contains(record.payload, needle) else { continue }
                found = (found?.first ?? record.time, record.time)
            }
        } catch {
            throw Failure(error)
        }
        guard let found else {
            throw Failure(
                .notFound,
                "no record holds \(text)",
                at: recording.path,
                do: "Give an order's, a fill's or a client's id as it stands in the recording."
            )
        }
        return (
            found.first.advanced(nanoseconds: -margin), found.last.advanced(nanoseconds: margin)
        )
    }

    private static func contains(_ text: UnsafeRawBufferPointer, _ needle: [UInt8]) -> Bool {
        guard let first = needle.first, text.count >= needle.count else { return false }
        var at = 0
        while at + needle.count <= text.count,
            let place = text[at...].firstIndex(of: first), place + needle.count <= text.count
        {
            if text[place..<(place + needle.count)].elementsEqual(needle) { return true }
            at = place + 1
        }
        return false
    }

    /// Counts what goes in, and looks for secrets in it.
    ///
    /// - Throws: 77 where something secret was found, with the record's number.
    mutating func look(
        _ recording: Recording,
        _ search: inout SecretSearch,
        takes: (StreamName) -> Bool
    ) throws {
        do throws(JournalError) {
            let cursor = try recording.cursor(from: start)
            while let record = try cursor.next(), !isPast(record.sequence, record.time) {
                let name = cursor.name(of: record.stream)
                if first == .none { (first, started) = (record.sequence, record.time) }
                (end, ended) = (record.sequence, record.time)
                guard takes(name) else {
                    let place = leftOut.firstIndex { $0.stream == name.text } ?? leftOut.count
                    if place == leftOut.count { leftOut.append((name.text, 0)) }
                    leftOut[place].records += 1
                    continue
                }
                records += 1
                if let found = search.find(in: record.payload) {
                    secret = (record.sequence, name.text, found)
                    break
                }
            }
        } catch {
            throw Failure(error)
        }
        guard let secret else { return }
        throw Failure(
            .refused,
            "record \(secret.number) of \(secret.stream) holds \(secret.what)",
            at: recording.path,
            do:
                "Nothing was written. Cut it out with --from and --to, and tell us: it should have been blanked."
        )
    }

    private var secret: (number: SequenceNumber, stream: String, what: String)?
}
