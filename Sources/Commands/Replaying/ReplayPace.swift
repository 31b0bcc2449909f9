import Market
import Trading

/// How fast a replay goes.
enum ReplayPace: Equatable {
    case fast
    /// As it was, or so many times as fast; in thousandths.
    case timed(thousandths: Int64)
    case step

    init(_ text: String) throws {
        switch text {
        case "fast": self = .fast
        case "real": self = .timed(thousandths: 1_000)
        case "step": self = .step
        default:
            guard text.first == "x", let factor = ReplayPace.thousandths(text.dropFirst()),
                factor > 0
            else {
                throw Failure(
                    .usage,
                    "--pace \(text) is no pace",
                    do: "Write fast, real, step, or xN such as x20 or x0.5."
                )
            }
            self = .timed(thousandths: factor)
        }
    }

    private static func thousandths(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.count <= 6,
            let units = Int64(whole), units >= 0
        else { return nil }
        guard parts.count == 2 else { return units * 1_000 }
        guard (1...3).contains(parts[1].count), parts[1].allSatisfy(\.isNumber),
            let digits = Int64(parts[1])
        else { return nil }
        let scale: [Int64] = [100, 10, 1]
        return units * 1_000 + digits * scale[parts[1].count - 1]
    }
}

/// What ends a replay besides a position: asked of each input and what was said to it.
enum ReplayCondition: Equatable {
    case command
    case rejected
    case finding
    case fill
    case halt
    case stream(String)

    /// - Returns: `nil` for a text that is no condition.
    init?(_ text: String) {
        switch text {
        case "command": self = .command
        case "rejected": self = .rejected
        case "finding": self = .finding
        case "fill": self = .fill
        case "halt": self = .halt
        default:
            guard text.hasPrefix("stream:") else { return nil }
            self = .stream(String(text.dropFirst(7)))
        }
    }

    var words: String {
        switch self {
        case .command: "the first command"
        case .rejected: "the first rejected intent"
        case .finding: "the first finding"
        case .fill: "the first fill"
        case .halt: "the first halt of new orders"
        case .stream(let glob): "the first record of \(glob)"
        }
    }
}
