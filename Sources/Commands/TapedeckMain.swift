import ArgumentParser
import Glibc
public import Runtime
import Synchronization
public import Trading

/// The whole command line, for our own program and for a user's: link the product `Tapedeck`, pass your strategies, and your
/// program has every command with the same contract.
///
/// ```swift
/// import Commands  // of the library product Tapedeck
/// import Trading
///
/// TapedeckMain.run(strategies: [Momentum.self])
/// ```
public enum TapedeckMain {
    private static let registry = Mutex(StrategyRegistry.standard)

    /// Every kind of strategy that this program has.
    static var strategies: StrategyRegistry { registry.withLock { $0 } }

    private static let models = Mutex<[any Projection.Type]>([])

    /// Every projection that this program has beside the desk's tables.
    static var projections: [any Projection.Type] { models.withLock { $0 } }

    /// Runs the command of this process's arguments and ends the process with its status.
    ///
    /// - Parameter projections: tables of your own, for `tapedeck sql --projection NAME`.
    public static func run(
        strategies: [any Strategy.Type] = [],
        projections: [any Projection.Type] = []
    ) -> Never {
        // A reader that goes away is an error of `write`, not the end of a recording.
        signal(SIGPIPE, SIG_IGN)
        // So is a file that grows past the limit of its size (`ulimit -f`).
        signal(SIGXFSZ, SIG_IGN)
        registry.withLock { registry in
            for strategy in strategies { registry.register(strategy) }
        }
        models.withLock { $0 = projections }
        exit(status(of: Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    /// Runs one command and says how it ended.
    static func status(of arguments: [String]) -> ExitStatus {
        let json = arguments.contains("--json")
        do {
            var command = try Tapedeck.parseAsRoot(arguments)
            if let judged = command as? any JudgingCommand {
                return try judged.judge()
            }
            try command.run()
            return .yes
        } catch let failure as Failure {
            Printing.error(failure, json: json)
            return failure.status
        } catch {
            let code = Tapedeck.exitCode(for: error)
            let message = Tapedeck.fullMessage(for: error)
            if code == .success {
                if !message.isEmpty { Printing.results(message) }
                return .yes
            }
            if json {
                Printing.error(
                    Failure(
                        .usage,
                        Tapedeck.message(for: error),
                        do: "See `tapedeck --help`, and --help of the command."
                    ),
                    json: true
                )
            } else {
                Printing.notes(message)
            }
            return code == .validationFailure ? .usage : .bug
        }
    }
}

/// A command whose end is an answer: yes, no, or cannot be judged.
protocol JudgingCommand: ParsableCommand {
    func judge() throws -> ExitStatus
}

extension JudgingCommand {
    public func run() throws {
        let status = try judge()
        if status != .yes { throw ExitCode(status.rawValue) }
    }
}
