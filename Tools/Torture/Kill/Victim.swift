import Glibc
import Journal

/// A child under way, from the side that kills it.
struct Victim {
    private let process: pid_t
    private let pipe: Int32
    private var unread: [UInt8] = []
    private(set) var isOpening = false
    private(set) var hasEnded = false
    private(set) var hasStopped = false
    /// What it acknowledged, and what it may have given out.
    private(set) var written: UInt64 = 0
    private(set) var given: UInt64 = 0
    private(set) var durable: UInt64 = 0

    init?(_ plan: Child.Plan) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var arguments: [UnsafeMutablePointer<CChar>?] =
            (["torture", "child"] + plan.arguments).map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, "/proc/self/exe", &actions, nil, &arguments, environ)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            return nil
        }
        process = child
        pipe = ends[0]
    }

    /// Listens for so long; false when the child has closed its end.
    @discardableResult
    mutating func listen(microseconds: Int) -> Bool {
        let files = SystemFiles()
        let end = files.now() + Int64(microseconds) * 1000
        while true {
            let left = end - files.now()
            guard left > 0 else { return true }
            var entry = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
            // poll counts milliseconds: the last one is slept through.
            let ready = poll(&entry, 1, Int32(left / 1_000_000))
            if ready > 0 {
                guard hear() else { return false }
            } else if left < 1_000_000 {
                usleep(UInt32(left / 1000))
                return true
            }
        }
    }

    /// Listens until it opens the recording; false when it ended before.
    mutating func listenUntilOpening() -> Bool {
        while !isOpening { guard hear() else { return false } }
        return true
    }

    /// Stops it, threads and all, and returns when it stands still.
    func stop() {
        kill(process, SIGSTOP)
        var status: Int32 = 0
        while waitpid(process, &status, WUNTRACED) < 0, errno == EINTR {}
    }

    private mutating func hear() -> Bool {
        var piece = [UInt8](repeating: 0, count: 4096)
        let count = read(pipe, &piece, piece.count)
        guard count > 0 else { return false }
        unread += piece[..<count]
        var offset = 0
        while unread.count - offset >= 24 {
            let start = offset
            let words = unread.withUnsafeBytes { bytes in
                (0..<3).map {
                    bytes.loadUnaligned(fromByteOffset: start + 8 * $0, as: UInt64.self)
                }
            }
            offset += 24
            switch Child.Message.Kind(rawValue: words[0]) {
            case .opening: isOpening = true
            case .marks:
                written = max(written, words[1])
                given = max(given, words[2])
            case .durable: durable = max(durable, words[1])
            case .ended: hasEnded = true
            case .stopped, nil: hasStopped = true
            }
        }
        unread.removeFirst(offset)
        return true
    }

    /// Hears the rest, and how the child ended: its signal, or its status below 0x100.
    ///
    /// - Parameter kills: with signal 9, first.
    mutating func end(kills: Bool) -> Int32 {
        if kills { kill(process, SIGKILL) }
        while hear() {}
        close(pipe)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }
}
