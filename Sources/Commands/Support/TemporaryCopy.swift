import Foundation
import Glibc

/// A folder for a copy that is only read from; it goes with it, and on SIGINT and SIGTERM.
final class TemporaryCopy {
    let path: String
    private let watches: [(number: Int32, source: any DispatchSourceSignal)]

    init() throws {
        let parent = Environment.variable("TMPDIR") ?? "/tmp"
        path = parent + "/tapedeck-copy-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let path = path
        watches = [SIGINT, SIGTERM].compactMap { number in
            guard !Interruption.isIgnored(number) else { return nil }
            // What the source's handler does is all that the signal does.
            signal(number, SIG_IGN)
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
