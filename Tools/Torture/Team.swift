import Glibc
import Journal

/// One subcommand in several processes, each with its share of the cases; what they print becomes one result.
///
/// Processes rather than threads: each has its own heap, and one that traps is a finding and not the end.
struct Team {
    private struct Member {
        var part: Int
        var process: pid_t
        var pipe: Int32
        var unread: [UInt8] = []
    }

    /// By subcommand, in the order in which results came.
    private var reports: [(name: String, report: Report)] = []
    private let name: String
    private let settings: Settings
    private let started = SystemFiles().now()

    /// True when nothing was found.
    static func run(_ name: String, _ arguments: [String], _ settings: Settings) -> Bool {
        var team = Team(name: name, settings: settings)
        return team.run(arguments)
    }

    private init(name: String, settings: Settings) {
        self.name = name
        self.settings = settings
    }

    private mutating func run(_ arguments: [String]) -> Bool {
        var members: [Member] = []
        for part in 0..<settings.jobs {
            guard
                let member = Team.start(
                    [name] + arguments
                        + ["--jobs", String(settings.jobs), "--part", String(part)],
                    part
                )
            else {
                find("a process cannot be started", at: "part \(part)")
                continue
            }
            members.append(member)
        }
        while !members.isEmpty {
            var entries = members.map { pollfd(fd: $0.pipe, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
            for place in entries.indices.reversed() where entries[place].revents != 0 {
                guard !hear(&members[place]) else { continue }
                end(members.remove(at: place))
            }
        }
        for entry in reports { entry.report.finish() }
        return reports.allSatisfy { $0.report.findings.isEmpty }
    }

    private static func start(_ words: [String], _ part: Int) -> Member? {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var arguments: [UnsafeMutablePointer<CChar>?] =
            (["torture"] + words).map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, "/proc/self/exe", &actions, nil, &arguments, environ)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            return nil
        }
        return Member(part: part, process: process, pipe: ends[0])
    }

    /// False at the end of its output.
    private mutating func hear(_ member: inout Member) -> Bool {
        var piece = [UInt8](repeating: 0, count: 4096)
        let count = read(member.pipe, &piece, piece.count)
        if count < 0 { return errno == EINTR }
        guard count > 0 else { return false }
        member.unread += piece[..<count]
        while let newline = member.unread.firstIndex(of: 0x0a) {
            take(String(decoding: member.unread[..<newline], as: UTF8.self))
            member.unread.removeSubrange(...newline)
        }
        return true
    }

    /// One line: a result is added up, everything else is printed as it is.
    private mutating func take(_ line: String) {
        let fields = line.dropFirst().dropLast().split(separator: ",").map { field in
            field.split(separator: ":", maxSplits: 1).map(String.init)
        }
        guard fields.last?.first == "\"findings\"", fields.first?.last != nil else {
            print(line)
            fflush(nil)
            return
        }
        let name = String((fields[0].last ?? "").dropFirst().dropLast())
        let place = report(name)
        for field in fields where field.count == 2 {
            let key = String(field[0].dropFirst().dropLast())
            guard let value = Int(field[1]), key != "seed" else { continue }
            if key == "findings" {
                reports[place].report.absorb(findings: value)
            } else {
                reports[place].report.count(key, value)
            }
        }
    }

    private mutating func report(_ name: String) -> Int {
        if let place = reports.firstIndex(where: { $0.name == name }) { return place }
        reports.append((name, Report(name, settings, started: started)))
        return reports.count - 1
    }

    private mutating func find(_ what: String, at place: String) {
        reports[report(name)].report.find(what, at: place)
    }

    private mutating func end(_ member: Member) {
        close(member.pipe)
        var status: Int32 = 0
        while waitpid(member.process, &status, 0) < 0, errno == EINTR {}
        // 0 and 1 are results; the latter's findings have been counted.
        if status == 0 || (status == 1 << 8 && reports.contains { !$0.report.findings.isEmpty }) {
            return
        }
        let words =
            status & 0x7f == 0
            ? "ended with \(status >> 8)" : "was ended by signal \(status & 0x7f)"
        find("a process \(words)", at: "part \(member.part) of \(settings.jobs)")
    }
}
