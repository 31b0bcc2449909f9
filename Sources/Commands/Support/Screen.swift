import Glibc

/// The whole terminal, drawn over and over without flicker, and given back as it was.
///
/// `init` gives nil where standard output is no terminal that can do this: print once, plainly.
final class Screen {
    private var hasEnded = false

    init?() {
        guard Screen.isPossible else { return nil }
        // The other buffer, and no cursor.
        Screen.put("\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J")
    }

    deinit { end() }

    /// Standard output is a terminal that can be drawn on.
    static var isPossible: Bool {
        let name = getenv("TERM").map { String(cString: $0) } ?? ""
        return Printing.isTerminal && !["", "dumb"].contains(name)
    }

    /// Draws lines from the top, cut to the window; what is behind them is emptied.
    ///
    /// One write, and nothing is cleared before it is drawn over: there is no moment at which less is to be seen.
    func show(_ lines: [String]) {
        let size = Screen.size
        // Terminals that know it show all of it at once; the others take no notice.
        var text = "\u{1b}[?2026h\u{1b}[H"
        for (place, line) in lines.prefix(size.rows).enumerated() {
            if place > 0 { text += "\r\n" }
            text += TerminalText.line(line).prefix(size.columns) + "\u{1b}[K"
        }
        Screen.put(text + "\u{1b}[J\u{1b}[?2026l")
    }

    /// Gives the terminal back.
    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        Screen.put("\u{1b}[?25h\u{1b}[?1049l")
    }

    /// Rows and columns of the window; 24 × 80 where it does not say.
    static var size: (rows: Int, columns: Int) {
        var window = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_row > 0,
            window.ws_col > 0
        else { return (24, 80) }
        return (Int(window.ws_row), Int(window.ws_col))
    }

    private static func put(_ text: String) { Printing.result(bytes: Array(text.utf8)) }
}
