import Glibc

/// A bot in a process group of its own, started before this process denies itself connections and let go afterwards.
///
/// A shell waits for the bot's variables on descriptor 3, then becomes the bot; it never does where they do not come.
final class BotProcess {
    private let child: pid_t
    private let release: Int32
    private var ended: Int32?

    private static let script = """
        ready=
        while IFS= read -r line <&3; do
            if [ -z "$line" ]; then ready=1; break; fi
            export "$line"
        done
        [ -n "$ready" ] || exit 0
        exec 3<&-
        exec "$@"
        """

    /// - Parameter command: the program and its arguments.
    init(_ command: [String]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw BotProcess.failure(errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 3)
        // Standard output is for the verdict.
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        sigaddset(&signals, SIGXFSZ)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF)
        )
        var words: [UnsafeMutablePointer<CChar>?] =
            (["sh", "-c", BotProcess.script, "tapedeck-bot"] + command).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, "/bin/sh", &actions, &attributes, words, environ)
        close(ends[0])
        guard code == 0 else {
            close(ends[1])
            throw BotProcess.failure(code)
        }
        self.child = child
        release = ends[1]
    }

    deinit {
        close(release)
        if ended == nil { stop() }
    }

    private static func failure(_ code: Int32) -> Failure {
        Failure(.disk, "the bot cannot be started: \(String(cString: strerror(code)))")
    }

    /// Lets the bot go, with these variables.
    func start(_ variables: [(name: String, value: String)]) {
        let text = variables.map { $0.name + "=" + $0.value + "\n" }.joined() + "\n"
        _ = text.withCString { write(release, $0, strlen($0)) }
    }

    /// How it ended: its exit status, or 128 and the signal's number; `nil` while it runs.
    var status: Int32? {
        if let ended { return ended }
        var status: Int32 = 0
        guard waitpid(child, &status, WNOHANG) == child else { return nil }
        let signal = status & 0x7f
        ended = signal == 0 ? status >> 8 & 0xff : 128 + signal
        return ended
    }

    /// Ends it and all that it started: asked first, then not.
    func stop() {
        kill(-child, SIGTERM)
        for _ in 0..<100 {
            if status != nil { break }
            usleep(20_000)
        }
        kill(-child, SIGKILL)
        while status == nil { usleep(1_000) }
    }
}
