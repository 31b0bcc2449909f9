import Foundation
import Testing

/// Tests that find out while they run that what they need is not there.
enum Skipped {
    /// Says it in the form that `Tools/test` repeats in its last line; a failure where it has made sure of what is needed.
    static func note(_ name: String, _ outcome: Program.Outcome) {
        var why = outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
        if why.hasPrefix("skipped: ") { why.removeFirst("skipped: ".count) }
        print("skipped: \(name): \(why)")
        let isRequired = ProcessInfo.processInfo.environment["TAPEDECK_PYTHON_REQUIRED"] == "1"
        #expect(!isRequired, "\(name) was skipped, though its packages were there: \(why)")
    }

    /// Of Python's own tests, which print `test_a (…) ... skipped 'why'`.
    static func notePart(_ name: String, _ outcome: Program.Outcome) {
        for line in outcome.errors.split(separator: "\n") {
            guard let found = line.firstMatch(of: #/^\s*(\S+) .*skipped '(.*)'$/#) else { continue }
            print("skipped: \(name) \(found.output.1): \(found.output.2)")
        }
    }
}
