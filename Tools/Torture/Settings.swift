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
    /// Processes that share the work.
    var jobs = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    /// Which of them this is; `nil` where the work is not shared.
    var part: Int?

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
            case "--count": count = try Settings.number(rest.popFirst(), word)
            case "--seconds":
                let seconds = Int64(try Settings.number(rest.popFirst(), word))
                deadline = SystemFiles().now() + seconds * 1_000_000_000
            case "--jobs": jobs = try Settings.number(rest.popFirst(), word)
            case "--part":
                guard let part = rest.popFirst().flatMap({ Int($0) }), part >= 0 else {
                    throw Usage("--part wants a number")
                }
                self.part = part
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
        guard part.map({ $0 < jobs }) ?? true else { throw Usage("--part is below --jobs") }
    }

    private static func number(_ word: String?, _ name: String) throws(Usage) -> Int {
        guard let number = word.flatMap({ Int($0) }), number > 0 else {
            throw Usage("\(name) wants a number above 0")
        }
        return number
    }

    var isOver: Bool { deadline != .max && SystemFiles().now() >= deadline }

    /// The short mode's figure, the long mode's, or what `--count` says.
    func amount(short: Int, long: Int) -> Int { count ?? (isShort ? short : long) }

    // MARK: One of several processes

    private var ways: Int { part == nil ? 1 : jobs }

    /// This process's share of so many.
    func share(of amount: Int) -> Int {
        amount / ways + ((part ?? 0) < amount % ways ? 1 : 0)
    }

    /// Whether the n-th case is this process's.
    func isOurs(_ number: Int) -> Bool { number % ways == part ?? 0 }
}

struct Usage: Error {
    var text: String

    init(_ text: String) { self.text = text }
}
