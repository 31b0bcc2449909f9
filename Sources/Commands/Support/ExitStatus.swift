/// Exit statuses, everywhere the same.
enum ExitStatus: Int32 {
    /// Done; the answer is yes (same, sound, equal, nothing found).
    case yes = 0
    /// Done; the answer is no (differs, finding, recovered with loss).
    case no = 1
    /// Cannot be judged: damaged recording, or nothing to compare.
    case undecided = 2
    case usage = 64
    /// Input not in the format, or newer than this program.
    case format = 65
    /// No such recording, order or position.
    case notFound = 66
    /// Exchange not reachable, or refused.
    case unavailable = 69
    /// A bug in Tapedeck.
    case bug = 70
    /// Output exists and is sealed.
    case exists = 73
    case disk = 74
    /// Another process holds it.
    case busy = 75
    /// Refused for safety (key rights, file mode, live guard, key file).
    case refused = 77
    case sessionFile = 78

    /// The word of `error.code` in `--json`.
    var word: String {
        switch self {
        case .yes: "yes"
        case .no: "no"
        case .undecided: "undecided"
        case .usage: "usage"
        case .format: "format"
        case .notFound: "not-found"
        case .unavailable: "unavailable"
        case .bug: "bug"
        case .exists: "exists"
        case .disk: "disk"
        case .busy: "busy"
        case .refused: "refused"
        case .sessionFile: "session-file"
        }
    }
}
