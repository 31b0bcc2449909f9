import Glibc

/// Single keys of the terminal, without Enter and without their echo; the terminal is given back as it was.
///
/// `init` gives nil where standard input is no terminal, or one that another program has in front.
final class Keys {
    private let before: termios
    private var hasEnded = false

    init?() {
        guard isatty(STDIN_FILENO) == 1 else { return nil }
        // In the background of a shell, reading or changing the terminal would stop this program.
        let front = tcgetpgrp(STDIN_FILENO)
        guard front < 0 || front == getpgrp() else { return nil }
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        before = settings
        // Signals stay: Ctrl-C ends, Ctrl-Z stops.
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        withUnsafeMutableBytes(of: &settings.c_cc) {
            $0[Int(VMIN)] = 0
            $0[Int(VTIME)] = 0
        }
        guard tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0 else { return nil }
    }

    deinit { end() }

    /// The keys that were pressed since this was asked last; it does not wait.
    func pressed() -> [UInt8] {
        guard !hasEnded else { return [] }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(STDIN_FILENO, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : []
    }

    /// `q` or `Q` was pressed.
    func wantsEnd() -> Bool {
        pressed().contains { $0 == UInt8(ascii: "q") || $0 == UInt8(ascii: "Q") }
    }

    /// Gives the terminal back.
    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        var settings = before
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }
}
