import Foundation
import Journal

/// A recording that a command makes of others: whole, or not at all.
enum NewRecording {
    /// Calls `body`, which writes the recording at `path`; when that fails, nothing of it stays behind.
    static func write<Value>(
        _ path: String,
        _ body: () throws(JournalError) -> Value
    ) throws -> Value {
        let manager = FileManager.default
        let before = try? manager.contentsOfDirectory(atPath: path)
        do throws(JournalError) {
            return try body()
        } catch {
            switch error.reason {
            case .sealed:
                throw Failure(
                    .exists,
                    "there is a recording already",
                    at: error.file,
                    do: "Name another directory with -o."
                )
            case .held: break
            default:
                if before == nil, (try? manager.contentsOfDirectory(atPath: path)) != nil {
                    try? manager.removeItem(atPath: path)
                } else if before == [] {
                    for name in (try? manager.contentsOfDirectory(atPath: path)) ?? [] {
                        try? manager.removeItem(atPath: path + "/" + name)
                    }
                }
            }
            throw ReplayCommand.undecided(error)
        }
    }
}
