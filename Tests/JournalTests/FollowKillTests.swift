import Glibc
import Journal
import Market
import Testing

/// A follower beside recorders that are killed: this very program is started as the recorder.
@Suite struct FollowKillTests {
    private static let place = "TAPEDECK_TEST_RECORDER"

    /// The child: records until it is killed, or seals when it is told to.
    @Test(.enabled(if: getenv(FollowKillTests.place) != nil))
    func `as a child, records until it is killed`() throws {
        let words = String(cString: getenv(FollowKillTests.place)).split(separator: " ")
        let tape = try Tape(String(words[0]))
        try Scratch.write([], to: begun(String(words[0]), String(words[1])))
        var state = UInt64(words[1]) ?? 1
        var rounds = 0
        // One whose parent is gone would fill the disk.
        let parent = getppid()
        while words[2] == "run" || rounds < 300, getppid() == parent {
            rounds += 1
            state = Mix.spread(state)
            try tape.append(1 + Int(state % 150))
            if state >> 20 & 7 == 0 { usleep(UInt32(state >> 32 & 2047)) }
            while tape.recorder.queuedBytes > 1 << 20 { usleep(500) }
        }
        try tape.recorder.seal()
    }

    /// Made by a run once it records: its moment of death counts from then.
    private func begun(_ path: String, _ run: String) -> String { "\(path).\(run).begun" }

    @Test(.enabled(if: getenv(FollowKillTests.place) == nil))
    func `over kills at random moments and the runs after them, each record is given once`() throws
    {
        let scratch = try Scratch()
        let path = scratch.file("r")
        var state: UInt64 = 0x5eed
        var follower: FollowTests.Follower?
        var late: FollowTests.Follower?
        for run in 1...12 {
            let isLast = run == 12
            let child = try start("\(path) \(run) \(isLast ? "seal" : "run")")
            var isReaped = false
            defer {
                if !isReaped {
                    kill(child, SIGKILL)
                    waitpid(child, nil, 0)
                }
            }
            state = Mix.spread(state)
            try eventually { access(begun(path, "\(run)"), F_OK) == 0 }
            let limit = SystemFiles().now() + Int64(state % 300_000_000)
            var status: Int32 = 0
            while SystemFiles().now() < limit || isLast {
                if follower == nil { follower = try? FollowTests.Follower(path) }
                if run == 4, late == nil { late = try? FollowTests.Follower(path) }
                _ = try follower?.take()
                // Behind by many chunks at times, so that tails and segments go on without it.
                if state >> 30 & 3 != 0 { _ = try late?.take(150) }
                if isLast, follower?.cursor.isAtEnd == true { break }
                if isLast, waitpid(child, &status, WNOHANG) == child {
                    isReaped = true
                    break
                }
                follower?.cursor.rest()
            }
            if !isLast { kill(child, SIGKILL) }
            if !isReaped { waitpid(child, &status, 0) }
            isReaped = true
            #expect(!isLast || status == 0)
        }
        let given = try #require(follower)
        try given.take { $0.cursor.isAtEnd }
        try late?.take { $0.cursor.isAtEnd }
        let recording = try Recording.open(path)
        let all = try recording.records()
        #expect(recording.state == .recovered && recording.manifest.runs > 6)
        #expect(given.given.count == all.count)
        #expect(given.given == all)
        #expect(late?.given == all)
        #expect(try Verifier.verify(path).state == .sound)
    }

    /// This program again, for the one test above.
    private func start(_ words: String) throws -> pid_t {
        let line = try Scratch.read("/proc/self/cmdline").split(separator: 0).map {
            String(decoding: $0, as: UTF8.self)
        }
        var arguments: [String] = [line[0]]
        if let place = line.firstIndex(of: "--test-bundle-path"), place + 1 < line.count {
            arguments += [line[place], line[place + 1]]
        }
        if let bundle = line.dropFirst().first(where: { $0.hasSuffix(".xctest") }),
            !arguments.contains(bundle)
        {
            arguments.append(bundle)
        }
        arguments += ["--testing-library", "swift-testing", "--filter", "FollowKillTests"]
        var environment: [String] = ["\(FollowKillTests.place)=\(words)"]
        for name in ["PATH", "LD_LIBRARY_PATH", "HOME"] {
            if let value = getenv(name) { environment.append("\(name)=\(String(cString: value))") }
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var pointers = arguments.map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { (pointers + variables).forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, "/proc/self/exe", &actions, nil, &pointers, &variables)
        guard code == 0 else { throw SystemFailure(code) }
        return child
    }
}
