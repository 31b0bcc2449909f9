import ArgumentParser
import Foundation
import Glibc
import Journal
import Live
import Market

struct DeskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "desk",
        abstract: "Speak to a running session: status, reload, mark, stop.",
        discussion: """
            `record` and `trade` listen on the Unix socket control.sock in their recording's directory, for the user \
            they run as. SESSION is named as any recording is; the default is `last`. What changes anything is a \
            record of desk/operator before it is carried out, with uid, reason and arguments.

            Status 0: done. 1: not done. 66: no such session. 69: it does not run, or does not answer. 75: another \
            command holds it.

            Example: tapedeck desk mark "funding in a minute" --reason "watching the spread"
            """,
        subcommands: [DeskStatus.self, DeskReload.self, DeskMark.self, DeskStop.self]
    )
}

/// Which session, and how to print its answer.
struct DeskOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The recording it makes: a directory, `last`, `last~1`, or the beginning of a name.",
            valueName: "session"
        )
    )
    var session = "last"

    @Option(help: ArgumentHelp("The folder that recordings lie in.", valueName: "dir"))
    var archive = "recordings"

    @Flag(help: "Print the session's answer, one JSON object.")
    var json = false

    /// Asks the session and prints its answer where JSON is wanted.
    func ask(
        _ verb: String,
        reason: String = "",
        arguments: [OperatorRequest.Argument] = [],
        seconds: Int
    ) throws -> DoorClient.Answer {
        let path = try path()
        let answer: DoorClient.Answer
        do throws(DoorError) {
            let client = try DoorClient(directory: path)
            answer = try client.ask(verb, reason: reason, arguments: arguments, seconds: seconds)
        } catch {
            throw failure(error, path)
        }
        if let refusal = answer.refusal {
            throw Failure(.no, refusal.what, at: refusal.place, do: refusal.todo)
        }
        guard answer.isDone else {
            throw Failure(.no, "the session did not say that it was done", at: path)
        }
        if json { Printing.result(bytes: answer.line + [0x0a]) }
        return answer
    }

    private func path() throws -> String {
        let path = try Archive(archive).path(of: session)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            isFolder.boolValue
        else {
            throw Failure(.notFound, "\(path) is a file, and no session records into one")
        }
        return path
    }

    private func failure(_ error: DoorError, _ path: String) -> Failure {
        switch error {
        case .system("connect", ENOENT), .system("connect", ECONNREFUSED):
            return nobody(path)
        case .system("connect", EACCES), .system("connect", EPERM):
            return Failure(
                .refused,
                "this user may not speak to the session",
                at: path,
                do: "Run as the user it runs as."
            )
        case .closed:
            return Failure(
                .no,
                error.description,
                at: path,
                do: "`tapedeck info` says what is recorded."
            )
        default: return Failure(.unavailable, error.description, at: path)
        }
    }

    /// Nobody listens: the session has ended, was killed, or is none of those that have a door.
    private func nobody(_ path: String) -> Failure {
        let recording = try? Recording.open(path)
        guard recording?.isHeld == true else {
            return Failure(
                .unavailable,
                "no session runs there",
                at: path,
                do: "It has ended; `tapedeck ls` says which recordings are being made."
            )
        }
        return Failure(
            .busy,
            "a process records there that has no door",
            at: path,
            do:
                "The demo has none; of `record` and `trade` the log says why it could not be opened."
        )
    }
}

/// Why, for the record.
struct DeskReason: ParsableArguments {
    @Option(help: ArgumentHelp("Why; it goes on record.", valueName: "text"))
    var reason = ""
}

struct DeskStatus: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "What the session records, where it stands and how it is."
    )

    @OptionGroup var options: DeskOptions

    func judge() throws -> ExitStatus {
        let arguments: [OperatorRequest.Argument] = options.json ? [] : [.init("lines", "yes")]
        let answer = try options.ask("status", arguments: arguments, seconds: 10)
        if !options.json { for line in answer.lines { Printing.result(line) } }
        return .yes
    }
}

struct DeskReload: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract:
            "Have the session read its file anew, as SIGHUP does: all of it is applied, or nothing.",
        discussion: """
            Subscriptions change by their difference, and credentials are read anew. Anything else that differs cannot \
            change while a session runs: it is named, and nothing is changed.
            """
    )

    @OptionGroup var options: DeskOptions
    @OptionGroup var why: DeskReason

    func judge() throws -> ExitStatus {
        let answer = try options.ask("reload", reason: why.reason, seconds: 60)
        guard !options.json else { return .yes }
        guard let sequence = answer["sequence"] else {
            Printing.result("nothing has changed in the session file")
            return .yes
        }
        Printing.result(
            "applied at record \(sequence): \(answer["topics_added"] ?? "0") topics more,"
                + " \(answer["topics_removed"] ?? "0") less, key \(answer["key"] ?? "unchanged")"
        )
        return .yes
    }
}

struct DeskMark: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark",
        abstract: "Put a note into the recording, at this moment; `cat` and `info` show it."
    )

    @Argument(help: ArgumentHelp("The note.", valueName: "text"))
    var text: String

    @OptionGroup var options: DeskOptions
    @OptionGroup var why: DeskReason

    func judge() throws -> ExitStatus {
        guard !text.isEmpty else {
            throw Failure(.usage, "the note is empty", do: "Write tapedeck desk mark \"…\".")
        }
        let answer = try options.ask(
            "mark",
            reason: why.reason,
            arguments: [.init(OperatorRequest.text, text)],
            seconds: 10
        )
        if !options.json { Printing.result("noted at record \(answer["sequence"] ?? "?")") }
        return .yes
    }
}

struct DeskStop: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract:
            "End the session as SIGTERM does: strategies end, orders are cancelled, the recording is sealed."
    )

    @OptionGroup var options: DeskOptions
    @OptionGroup var why: DeskReason

    func judge() throws -> ExitStatus {
        let answer = try options.ask("stop", reason: why.reason, seconds: 60)
        guard !options.json else { return .yes }
        Printing.result(
            "\(answer["state"] ?? "sealed"): records \(answer["first"] ?? "?") to"
                + " \(answer["last"] ?? "?"), \(answer["open_orders"] ?? "?") orders open"
        )
        return .yes
    }
}
