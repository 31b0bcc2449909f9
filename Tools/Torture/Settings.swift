import Glibc
import Journal

/// What the command line asks for.
struct Settings {
    var seed: UInt64 = 1
    /// Seconds instead of minutes.
    var isShort = false
    /// Where findings leave the recording that shows them.
    var keep = "/tmp/torture-findings"
    /// How much of the subcommand's own unit; `nil` for what the mode has.
    var count: Int?
    var directory: String?
    /// Monotonic nanoseconds after which nothing new is begun; what was tried until then is reported.
    var deadline: Int64 = .max
    /// Only the case with this name, where a subcommand has names.
    var only: String?

    init(_ arguments: [String]) throws(Usage) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--short": isShort = true
            case "--seed":
                guard let seed = rest.popFirst().flatMap({ UInt64($0) }) else {
                    throw Usage("--seed wants a number")
                }
                self.seed = seed
            case "--count":
                guard let count = rest.popFirst().flatMap({ Int($0) }), count > 0 else {
                    throw Usage("--count wants a number above 0")
                }
                self.count = count
            case "--seconds":
                guard let seconds = rest.popFirst().flatMap({ Int64($0) }), seconds > 0 else {
                    throw Usage("--seconds wants a number above 0")
                }
                deadline = SystemFiles().now() + seconds * 1_000_000_000
            case "--keep":
                guard let keep = rest.popFirst() else { throw Usage("--keep wants a directory") }
                self.keep = keep
            case "--in":
                guard let path = rest.popFirst() else { throw Usage("--in wants a directory") }
                directory = path
            case "--only":
                guard let name = rest.popFirst() else { throw Usage("--only wants a name") }
                only = name
            default: throw Usage("unknown argument `\(word)`")
            }
        }
    }

    var isOver: Bool { deadline != .max && SystemFiles().now() >= deadline }

    /// The short mode's figure, the long mode's, or what `--count` says.
    func amount(short: Int, long: Int) -> Int { count ?? (isShort ? short : long) }
}

struct Usage: Error {
    var text: String

    init(_ text: String) { self.text = text }
}
