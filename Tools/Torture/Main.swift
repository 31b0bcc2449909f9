import Glibc
import Journal

/// `torture`: what a recording survives, tried.
@main
struct Torture {
    static let words = """
        usage: torture SUBCOMMAND [--short] [--seed N] [--count N] [--seconds N] [--jobs N]
                       [--keep DIRECTORY] [--in DIRECTORY] [--only NAME]

          power    power loss by simulation: every state a disk may have kept
          rolls    the same while a row rolls from one recording to the next
          kill     kill -9 at random moments and at each call, recovery included
          flip     every byte with every other value, every file cut at every length
          errors   the n-th call fails, once and for good, for every n and kind of call; a queue too small
          fuzz     the readers on files changed at random, the stored corpus first
          corpus   writes the corpus that fuzzing begins with to the directory --in
          ext4     power cuts of a real file system in a loop device; needs root
          broken   eleven recorders broken on purpose: all of them must be caught

        One JSON line a result. Exit status 0: no finding; 1: findings; 64: usage.
        --short takes seconds; --seconds ends either early, and the result says how much was tried.
        --jobs processes share the work, by default one a core. Findings leave their recording under --keep.
        """

    static func main() {
        signal(SIGPIPE, SIG_IGN)
        // A reader's buffers come and go a million times: they stay in this process.
        _ = tuneMemory(-3, 1 << 30)  // M_MMAP_THRESHOLD
        _ = tuneMemory(-1, 1 << 30)  // M_TRIM_THRESHOLD
        var arguments = CommandLine.arguments.dropFirst()
        guard let name = arguments.popFirst(), name != "--help", name != "-h" else {
            print(words)
            exit(CommandLine.arguments.count > 1 ? 0 : 64)
        }
        do throws(Usage) {
            exit(try run(name, Array(arguments)) ? 0 : 1)
        } catch {
            complain("torture: \(error.text)\n\(words)\n")
            exit(64)
        }
    }

    /// What several processes share.
    private static let shared: Set<String> = [
        "power", "rolls", "kill", "flip", "errors", "fuzz", "broken",
    ]

    /// True when nothing was found.
    private static func run(_ name: String, _ arguments: [String]) throws(Usage) -> Bool {
        if name == "child" { Child.run(arguments) }
        let settings = try Settings(arguments)
        if settings.jobs > 1, settings.part == nil, shared.contains(name) {
            return Team.run(name, arguments, settings)
        }
        switch name {
        case "corpus":
            guard let path = settings.directory else { throw Usage("corpus wants --in") }
            do throws(JournalError) {
                try Corpus.write(to: path)
            } catch {
                throw Usage("\(error)")
            }
            return true
        case "power":
            var power = Power(settings)
            power.run()
            power.report.finish()
            return power.report.findings.isEmpty
        case "rolls":
            var rolls = Rolls(settings)
            rolls.run()
            rolls.report.finish()
            return rolls.report.findings.isEmpty
        case "kill":
            var kill = Kill(settings)
            kill.run()
            kill.report.finish()
            return kill.report.findings.isEmpty
        case "flip":
            var flip = Flip(settings)
            flip.run()
            flip.report.finish()
            return flip.report.findings.isEmpty
        case "errors":
            var errors = Errors(settings)
            errors.run()
            errors.report.finish()
            var full = FullDisks(settings)
            full.run()
            full.report.finish()
            var shedding = Shedding(settings)
            shedding.run()
            shedding.report.finish()
            return [errors.report, full.report, shedding.report].allSatisfy(\.findings.isEmpty)
        case "fuzz":
            var fuzz = Fuzz(settings)
            fuzz.run()
            fuzz.report.finish()
            return fuzz.report.findings.isEmpty
        case "ext4":
            var ext4 = Ext4(settings)
            let skipped = ext4.run()
            ext4.report.finish(skipped: skipped)
            return ext4.report.findings.isEmpty
        case "broken":
            var broken = Broken(settings)
            broken.run()
            broken.report.finish()
            return broken.report.findings.isEmpty
        default: throw Usage("no subcommand `\(name)`")
        }
    }
}

/// To standard error.
func complain(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
}

/// `malloc.h` is not part of the Glibc module.
@_silgen_name("mallopt")
private func tuneMemory(_ parameter: Int32, _ value: Int32) -> Int32
