import Foundation
import Glibc
import Journal
import Market
import Synchronization

/// Streams that tell of an account: left out of what is made to hand on, unless they are asked for.
final class PrivateStreams: Sendable {
    private let areTaken: Bool
    private let choice: (@Sendable (StreamName) -> Bool)?
    private let leftOut = Mutex<[String]>([])

    init(areTaken: Bool, _ choice: (@Sendable (StreamName) -> Bool)?) {
        self.areTaken = areTaken
        self.choice = choice
    }

    var passes: (@Sendable (StreamName) -> Bool)? {
        if areTaken { return choice }
        return { name in
            guard self.choice?(name) ?? true else { return false }
            guard PrivateStreams.isOfAccount(name) else { return true }
            self.leftOut.withLock { $0.append(name.text) }
            return false
        }
    }

    /// Says on standard error which were left out.
    ///
    /// - Returns: true where nothing was.
    func noteLeftOut() -> Bool {
        let names = leftOut.withLock { $0 }
        guard !names.isEmpty else { return true }
        let some = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
        Printing.note(
            "left out: \(names.count) private streams (\(some)); --with-private takes them in"
        )
        return false
    }

    /// Its orders and questions, what a strategy decided, and what the session says of itself.
    static func isOfAccount(_ name: StreamName) -> Bool {
        switch name.kind {
        case .privateTopic, .privateOther, .trade, .command, .verdict, .timer, .operatorRequest:
            true
        case .rest(let account, _, _): account != "public"
        case .sent(let rest), .link(let rest):
            !rest.hasPrefix("public/") && !rest.hasPrefix("rest/public")
        // Announcements of streams name those of the account too.
        case .finding, .state, .sessionStart, .sessionFigures, .sessionChannel: true
        default: false
        }
    }
}

/// A folder for a copy that is only read from; it goes with it, and on SIGINT and SIGTERM.
final class TemporaryCopy {
    let path: String
    private let watches: [(number: Int32, source: any DispatchSourceSignal)]

    init() throws {
        let parent = Environment.variable("TMPDIR") ?? "/tmp"
        path = parent + "/tapedeck-copy-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let path = path
        watches = [SIGINT, SIGTERM].compactMap { number in
            // What a parent has ignored stays so. Functions have no `==`; both are pointers of one size.
            let before = signal(number, SIG_IGN).map { unsafeBitCast($0, to: Int.self) }
            guard before != unsafeBitCast(SIG_IGN, to: Int.self) else { return nil }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                // Again for what was written meanwhile.
                for _ in 0..<3 where FileManager.default.fileExists(atPath: path) {
                    try? FileManager.default.removeItem(atPath: path)
                }
                _exit(128 + number)
            }
            source.resume()
            return (number, source)
        }
    }

    /// Where a copy lies that has this name.
    func path(for name: String) throws -> String {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw Failure(
                .disk,
                "the folder for a copy could not be made",
                at: path,
                do: "Free some space there, or name another folder with TMPDIR."
            )
        }
        return path + "/" + name
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        for watch in watches {
            watch.source.cancel()
            signal(watch.number, SIG_DFL)
        }
    }
}
