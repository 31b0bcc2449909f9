import Glibc
import Market
import Synchronization

/// Where a command's words go: results on standard output, progress and log on standard error.
///
/// Names and payloads come from anybody: what could steer a terminal is escaped here, and nowhere else.
enum Printing {
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Progress and colour need a terminal, and nobody who set `NO_COLOR`.
    static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 && getenv("NO_COLOR") == nil }

    /// One line of results; a closed pipe ends the program quietly, any other error ends it with 74.
    static func result(_ line: String) {
        write(Array(TerminalText.line(line).utf8) + [0x0a], to: STDOUT_FILENO)
    }

    /// Results in words of our own that take several lines.
    static func results(_ text: String) {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            result(String(line))
        }
    }

    static func result(bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    /// One JSON object on a line of its own.
    static func json(schema: String, _ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.object {
            $0.field("schema", "tapedeck.\(schema)/1")
            body(&$0)
        }
        writer.newline()
        write(writer.bytes, to: STDOUT_FILENO)
    }

    /// A line on the terminal that the next one replaces; an empty one clears it.
    static func progress(_ line: String) {
        write(Array(("\r\u{1b}[K" + line).utf8), to: STDERR_FILENO)
    }

    static func note(_ line: String) {
        write(Array(TerminalText.line(line).utf8) + [0x0a], to: STDERR_FILENO)
    }

    /// Notes in words of our own that take several lines.
    static func notes(_ text: String) {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            note(String(line))
        }
    }

    static func error(_ failure: Failure, json: Bool) {
        guard json else {
            note("tapedeck: \(failure)")
            return
        }
        var writer = JSONWriter()
        writer.object {
            $0.nested("error") {
                $0.field("code", failure.status.word)
                $0.field("what", failure.what)
                $0.field("where", failure.place)
                $0.field("todo", failure.todo)
            }
        }
        writer.newline()
        write(writer.bytes, to: STDERR_FILENO)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if count > 0 {
                offset += count
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                usleep(1_000)
            } else {
                // Without standard error there is nobody to tell.
                if descriptor == STDOUT_FILENO { lost(errno) }
                return
            }
        }
    }

    // MARK: - Results that cannot be written

    private static let outcome = Mutex<(outlives: Bool, status: ExitStatus?)>((false, nil))

    /// From here on the loss of standard output is a wish to end, as a signal is: a session must cancel and seal first.
    static func outliveOutput() { outcome.withLock { $0.outlives = true } }

    /// How the loss of standard output would have ended the program; `nil` while it is there.
    static var lostOutput: ExitStatus? { outcome.withLock { $0.status } }

    /// A reader that went away is its own choice, and not an error of ours; anything else is the disk's.
    private static func lost(_ code: Int32) {
        let status: ExitStatus = code == EPIPE ? .yes : .disk
        let (outlives, isFirst) = outcome.withLock { outcome in
            defer { outcome.status = outcome.status ?? status }
            return (outcome.outlives, outcome.status == nil)
        }
        if isFirst, status == .disk {
            let words = String(cString: strerror(code))
            error(
                Failure(
                    .disk,
                    "the results cannot be written: \(words)",
                    at: "standard output",
                    do: "Free space where it leads to, or name another file."
                ),
                json: CommandLine.arguments.contains("--json")
            )
        }
        guard outlives else { exit(status.rawValue) }
        Interruption.request()
    }
}

extension JSONWriter {
    /// An object as the value of a name.
    mutating func nested(_ name: String, _ body: (inout JSONWriter) -> Void) {
        field(name, object: body)
    }
}

/// A bar on standard error for long work; silent without a terminal.
struct ProgressBar {
    private let label: String
    private let total: UInt64
    private let isShown: Bool
    private var percent = -1

    init(_ label: String, total: UInt64) {
        self.label = label
        self.total = max(total, 1)
        self.isShown = Printing.showsProgress
    }

    mutating func update(_ done: UInt64) {
        guard isShown else { return }
        let now = Int(min(done, total) * 100 / total)
        guard now != percent else { return }
        percent = now
        let filled = String(repeating: "#", count: now / 4)
        let rest = String(repeating: ".", count: 25 - now / 4)
        let line = "\r\(label) [\(filled)\(rest)] \(now) %"
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    func finish() {
        guard isShown, percent >= 0 else { return }
        _ = "\r\u{1b}[K".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
}
