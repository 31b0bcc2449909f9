import Foundation
import Glibc
import Synchronization
import Testing

/// A terminal of a test's own: what a program draws on it is read as it comes.
private final class Terminal: Sendable {
    private let main: Int32
    /// The program's end of it.
    let side: Int32
    private let drawn = Mutex<[UInt8]>([])

    init(rows: UInt16, columns: UInt16) throws {
        var main: Int32 = -1
        var side: Int32 = -1
        guard openpty(&main, &side, nil, nil, nil) == 0 else { throw POSIXError(.ENXIO) }
        // Else the program would hold this end open too.
        _ = fcntl(main, F_SETFD, FD_CLOEXEC)
        _ = fcntl(main, F_SETFL, O_NONBLOCK)
        self.main = main
        self.side = side
        resize(rows: rows, columns: columns)
    }

    deinit {
        close(main)
        close(side)
    }

    func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(main, UInt(TIOCSWINSZ), &size)
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(main, bytes, bytes.count)
    }

    var settings: termios {
        var settings = termios()
        tcgetattr(side, &settings)
        return settings
    }

    /// All that was drawn until now; without carriage returns, of which the terminal adds some.
    var text: String {
        drawn.withLock { drawn in
            var bytes = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(main, &bytes, 65_536)
                guard count > 0 else { break }
                drawn += bytes[..<count].filter { $0 != 0x0d }
            }
            return String(decoding: drawn, as: UTF8.self)
        }
    }

    /// Whole pictures, the oldest first: the lines of each as they stand on the screen.
    var pictures: [[String]] {
        let begin = "\u{1b}[?2026h\u{1b}[H"
        return text.components(separatedBy: begin).dropFirst().compactMap { part -> [String]? in
            guard let end = part.range(of: "\u{1b}[J\u{1b}[?2026l") else { return nil }
            return part[..<end.lowerBound].components(separatedBy: "\n")
                .map { $0.replacing("\u{1b}[K", with: "") }
        }
    }

    /// Waits for a picture behind the ones that were there already.
    func picture(
        after count: Int = 0,
        _ condition: ([String]) -> Bool
    ) async throws -> [String] {
        for _ in 0..<3_000 {
            if let found = pictures.dropFirst(count).first(where: condition) { return found }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Running.Missing(what: "no such picture: \(pictures.last ?? [])")
    }
}

/// `top` and `state --watch` on a terminal of their own.
@Suite(.serialized) struct ScreenTests {
    private static func isSame(_ left: termios, _ right: termios) -> Bool {
        left.c_lflag == right.c_lflag && left.c_iflag == right.c_iflag
            && left.c_oflag == right.c_oflag && left.c_cflag == right.c_cflag
            && withUnsafeBytes(of: left.c_cc) { one in
                withUnsafeBytes(of: right.c_cc) { one.elementsEqual($0) }
            }
    }

    private static func watch(
        _ arguments: [String],
        shows word: String
    ) async throws {
        let folder = try TemporaryFolder()
        let server = try Program.start(
            ["serve", "--synthetic", "--plain", "--json", "--symbols", "2", "--for", "300s"],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { Endpoint($0) }.url
        let recorder = try Program.start(
            [
                "record", "--endpoint", endpoint, "--public",
                "linear:orderbook.50.BTCUSDT,linear:tickers.BTCUSDT", "--out", "session", "--json",
                "--status-every", "50ms",
            ],
            in: folder.path
        )
        defer { recorder.kill() }
        let _: Bool = try await recorder.line { $0.contains(#""sockets_ready":1"#) ? true : nil }
        let terminal = try Terminal(rows: 24, columns: 100)
        let before = terminal.settings
        let handle = FileHandle(fileDescriptor: terminal.side)
        let program = try Program.start(
            arguments,
            environment: ["TERM": "xterm-256color"],
            in: folder.path,
            input: handle,
            output: handle
        )
        defer { program.kill() }
        let first = try await terminal.picture { picture in
            picture.contains { $0.hasPrefix(word) } && picture.contains { $0.contains("BTCUSDT") }
        }
        #expect(first.count <= 24 && first.allSatisfy { $0.count <= 100 }, "\(first)")
        #expect(first.contains { $0.count > 40 }, "\(first)")
        #expect(terminal.text.hasPrefix("\u{1b}[?1049h\u{1b}[?25l"))
        // A key counts without Enter, and is not shown.
        #expect(terminal.settings.c_lflag & tcflag_t(ICANON | ECHO) == 0)
        #expect(terminal.settings.c_lflag & tcflag_t(ISIG) != 0)

        terminal.resize(rows: 6, columns: 40)
        let count = terminal.pictures.count
        let small = try await terminal.picture(after: count) { $0.count <= 6 }
        #expect(small.allSatisfy { $0.count <= 40 }, "\(small)")
        #expect(small.contains { $0.count == 40 }, "\(small)")

        // Other keys do nothing.
        terminal.type("x")
        let later = terminal.pictures.count
        _ = try await terminal.picture(after: later) { _ in true }
        #expect(program.process.isRunning)
        terminal.type("q")
        let end = try await program.end()
        #expect(end.status == 0, "\(end.errors)")
        #expect(isSame(terminal.settings, before))
        let text = terminal.text
        let restored = "\u{1b}[?25h\u{1b}[?1049l"
        #expect(text.components(separatedBy: restored).count == 2, "given back once")
        recorder.interrupt()
        #expect(try await recorder.end().status == 0)
    }

    @Test func `top draws, follows the window's size and ends with q`() async throws {
        try await Self.watch(["top", "session"], shows: "BOOK")
    }

    @Test func `state --watch draws, follows the window's size and ends with q`() async throws {
        try await Self.watch(["state", "session", "--watch"], shows: "book")
    }

    @Test func `where standard output is no terminal top prints once`() async throws {
        let folder = try TemporaryFolder()
        let path = try await SyntheticSession.record(in: folder, seconds: 2)
        let once = try await Program.run(["top", path], environment: ["TERM": "xterm"])
        #expect(once.status == 0 && once.output.contains("BOOK"), "\(once.errors)")
        #expect(!once.output.contains("\u{1b}"))
    }
}
