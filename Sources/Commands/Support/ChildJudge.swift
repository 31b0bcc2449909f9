import Glibc

/// Runs this command again in a process of its own, so that a file made to hurt its reader takes nothing else down.
enum ChildJudge {
    /// Where the child says which file it reads.
    private static let reportDescriptor: Int32 = 3

    /// - Returns: how the child ended; `nil` where no child can be started.
    /// - Throws: a failure (2) that names the file in hand when the child was ended by a signal.
    static func run(_ path: String) throws -> ExitStatus? {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], reportDescriptor)
        // Right behind the command's name: behind a `--` it would be the name of a recording.
        var words = CommandLine.arguments
        words.insert("--in-child", at: min(2, words.count))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        // The signal says enough; working out where it came from takes long and reads what the file has made of memory.
        setenv("SWIFT_BACKTRACE", "enable=no", 1)
        var child: pid_t = 0
        let failed = posix_spawn(&child, "/proc/self/exe", &actions, nil, arguments, environ)
        close(ends[1])
        guard failed == 0 else { return nil }
        let file = lastLine(ends[0])
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        guard signal != 0 else { return ExitStatus(rawValue: status >> 8 & 0xff) ?? .bug }
        throw Failure(
            .undecided,
            "cannot be judged: the process that read it was ended by signal \(signal)"
                + " (\(String(cString: strsignal(signal))))",
            at: file.isEmpty ? path : path + "/" + file,
            do: "Keep the file as it is and report it; `tapedeck recover` may read the rest."
        )
    }

    /// The child's word for the file that it reads next.
    static func report(_ file: String) {
        _ = (file + "\n").withCString { write(reportDescriptor, $0, strlen($0)) }
    }

    private static func lastLine(_ descriptor: Int32) -> String {
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            text += piece[..<count]
            // Only the last name is of use.
            if text.count > 1 << 16 { text.removeFirst(text.count - 4096) }
        }
        let lines = text.split(separator: 0x0a)
        return lines.last.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
