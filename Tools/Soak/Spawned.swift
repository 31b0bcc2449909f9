import Glibc

/// A program beside this one: its standard input and output are pipes or files of ours.
struct Spawned {
    var process: pid_t
    /// The end of the child's standard input: closing it asks the child to end.
    var input: Int32
    private var output: Int32

    init(_ words: [String]) throws {
        var (down, up): ([Int32], [Int32]) = ([0, 0], [0, 0])
        guard pipe(&down) == 0, pipe(&up) == 0 else {
            throw Trouble(description: "pipe: errno \(errno)")
        }
        // Nobody but the child is to hold them.
        for end in down + up { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, down[0], 0)
        posix_spawn_file_actions_adddup2(&actions, up[1], 1)
        var arguments = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let code = posix_spawnp(&process, words[0], &actions, nil, arguments, environ)
        close(down[0])
        close(up[1])
        guard code == 0 else {
            close(down[1])
            close(up[0])
            throw Trouble(description: "\(words[0]) does not start: errno \(code)")
        }
        (self.process, input, output) = (process, down[1], up[0])
    }

    /// One line of what it says.
    func line() -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits for its end: its status and what else it said.
    func end() -> (status: Int32, output: String) {
        if input >= 0 { close(input) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(output, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        close(output)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
        return (code, String(decoding: bytes, as: UTF8.self))
    }

    /// Runs a program to its end.
    static func run(_ words: [String]) async throws -> (status: Int32, output: String) {
        let spawned = try Spawned(words)
        return await Waiting.offThread { spawned.end() }
    }
}
