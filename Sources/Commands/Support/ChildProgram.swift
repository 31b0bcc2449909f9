import Glibc

/// Another program, run to its end; what it prints is read meanwhile.
enum ChildProgram {
    struct Outcome {
        /// 128 and the signal where one ended it.
        var status: Int32
        var output: [UInt8]
        var errors: [UInt8]
    }

    /// More than this of its words is an error of it.
    private static let mostBytes = 64 << 20

    /// - Parameter setting: one variable of its environment that is not ours; without a value it is taken away.
    static func run(
        _ path: String,
        _ words: [String],
        setting: (name: String, value: String?)? = nil
    ) throws -> Outcome {
        var output: [Int32] = [0, 0]
        var errors: [Int32] = [0, 0]
        guard pipe(&output) == 0, pipe(&errors) == 0 else { throw failure(path, errno) }
        for end in output + errors { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer {
            close(output[0])
            close(errors[0])
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO)
        var arguments: [UnsafeMutablePointer<CChar>?] = ([path] + words).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            environment(setting).map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var child: pid_t = 0
        let failed = posix_spawn(&child, path, &actions, nil, &arguments, &variables)
        close(output[1])
        close(errors[1])
        guard failed == 0 else { throw failure(path, failed) }
        let said = readBoth(output[0], errors[0])
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return Outcome(
            status: signal == 0 ? status >> 8 & 0xff : 128 + signal,
            output: said.0,
            errors: said.1
        )
    }

    private static func failure(_ path: String, _ code: Int32) -> Failure {
        Failure(
            .undecided,
            "it cannot be started: \(String(cString: strerror(code)))",
            at: path,
            do: "Start it alone to see why."
        )
    }

    private static func environment(_ setting: (name: String, value: String?)?) -> [String] {
        var variables: [String] = []
        var next = environ
        while let text = next.pointee {
            variables.append(String(cString: text))
            next += 1
        }
        guard let setting else { return variables }
        variables.removeAll { $0.hasPrefix(setting.name + "=") }
        if let value = setting.value { variables.append(setting.name + "=" + value) }
        return variables
    }

    /// Both at once, so that neither fills up.
    private static func readBoth(_ first: Int32, _ second: Int32) -> ([UInt8], [UInt8]) {
        var ends = [
            pollfd(fd: first, events: Int16(POLLIN), revents: 0),
            pollfd(fd: second, events: Int16(POLLIN), revents: 0),
        ]
        var texts: [[UInt8]] = [[], []]
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while ends.contains(where: { $0.fd >= 0 }) {
            guard poll(&ends, 2, -1) >= 0 || errno == EINTR else { break }
            for place in ends.indices where ends[place].fd >= 0 && ends[place].revents != 0 {
                let count = read(ends[place].fd, &piece, piece.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    ends[place].fd = -1
                    continue
                }
                if texts[place].count < mostBytes { texts[place] += piece[..<count] }
            }
        }
        return (texts[0], texts[1])
    }
}
