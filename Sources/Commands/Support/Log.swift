import Logging
import Synchronization

/// Diagnostic lines for people, on standard error; `TAPEDECK_LOG` sets the level (default: warning).
enum Log {
    private static let isReady = Mutex(false)

    static func logger(_ label: String) -> Logger {
        isReady.withLock { ready in
            guard !ready else { return }
            LoggingSystem.bootstrap { LineHandler(StreamLogHandler.standardError(label: $0)) }
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

/// The exchange's words are in some lines: they may not steer a terminal either.
private struct LineHandler: LogHandler {
    private var handler: StreamLogHandler

    init(_ handler: StreamLogHandler) { self.handler = handler }

    var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(TerminalText.line(event.message.description))"
        event.metadata = event.metadata?.mapValues { .string(TerminalText.line("\($0)")) }
        handler.log(event: event)
    }
}
