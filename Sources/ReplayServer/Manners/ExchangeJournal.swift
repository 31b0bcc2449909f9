import Glibc
import Market

/// What the exchange did to whom: one JSON object an entry, numbered from 1, in a file and in memory.
///
/// Entries come from the exchange's side of the wire, so that a test can hold a client's record against them.
final class ExchangeJournal {
    /// Entries that can be asked for; older ones are in the file alone.
    static let kept = 100_000

    /// Lines without their line ends.
    private var lines: [[UInt8]] = []
    /// Number of the first of ``lines``.
    private(set) var first = 1
    private var file: Int32?
    /// Why the file ended early; the entries in memory go on.
    private(set) var failure: String?

    var hasFile: Bool { file != nil }

    /// The number that the next entry gets.
    var next: Int { first + lines.count }

    /// - Parameter path: a file to append to; `nil` keeps entries in memory alone.
    init(path: String?) throws(ServerError) {
        guard let path else { return }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .file(path, reason: String(cString: strerror(errno)))
        }
        file = descriptor
    }

    deinit { if let file { close(file) } }

    /// - Parameters:
    ///   - what: a manner's name, `opened`, `closed`, `listed`, `not-listed` or `delivered`.
    ///   - cause: `chaos`, `order N`, or empty for what nobody ordered.
    func append(
        _ what: String,
        at time: Timestamp,
        cause: String = "",
        _ details: (inout JSONWriter) -> Void
    ) {
        var json = JSONWriter()
        json.object {
            $0.field("schema", "tapedeck.exchange/1")
            $0.field("number", next)
            $0.field("time", time.description)
            $0.field("what", what)
            if !cause.isEmpty { $0.field("cause", cause) }
            details(&$0)
        }
        lines.append(json.bytes)
        if lines.count > 2 * ExchangeJournal.kept {
            let surplus = lines.count - ExchangeJournal.kept
            lines.removeFirst(surplus)
            first += surplus
        }
        write(json.bytes + [0x0a])
    }

    /// Entries from `number` on, at most `limit`.
    func entries(from number: Int, limit: Int) -> ArraySlice<[UInt8]> {
        let start = min(max(0, number - first), lines.count)
        return lines[start..<min(lines.count, start + max(0, limit))]
    }

    private func write(_ line: [UInt8]) {
        guard let file else { return }
        var offset = 0
        while offset < line.count {
            let count = line.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                failure = String(cString: strerror(errno))
                close(file)
                self.file = nil
                return
            }
            offset += count
        }
    }
}
