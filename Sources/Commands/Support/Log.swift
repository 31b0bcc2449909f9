import Logging
import Synchronization

/// Diagnostic lines for people, on standard error; `TAPEDECK_LOG` sets the level (default: warning).
enum Log {
    private static let isReady = Mutex(false)

    static func logger(_ label: String) -> Logger {
        isReady.withLock { ready in
            guard !ready else { return }
            LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
            ready = true
        }
        var logger = Logger(label: "tapedeck." + label)
        logger.logLevel = level
        return logger
    }

    private static var level: Logger.Level {
        guard let text = Environment.variable("TAPEDECK_LOG") else { return .warning }
        return Logger.Level(rawValue: text.lowercased()) ?? .warning
    }
}
