import Glibc

/// `soak`: a recorder that lives for days of virtual time, beside an exchange that lives through the same days.
@main
struct Soak {
    static let words = """
        usage: soak [--minutes N] [--hours N] [--start HH:MM] [--seed N] [--budget MIB] [--warm-up MINUTES]
                    [--keep DIRECTORY] [--program PATH] [--public CATEGORY:TOPIC,...]

          A session records the built-in exchange over sockets, both on one clock that goes --hours (50) in --minutes
          (60): days roll, options expire and are listed, old recordings are pruned, the key is rotated, the wall
          clock is stepped. The exchange counts what it sent, topic by topic; the recordings are counted beside it.

          --start    the virtual time of day of the beginning, UTC; 23:00
          --budget   of `disk:`, MiB; 1 a minute
          --warm-up  minutes that the slope of memory leaves out; a virtual day, or a sixth of less than 36 hours
          --keep     where all of it lies afterwards; /tmp/tapedeck-soak
          --program  for `desk` and `verify`; the tapedeck beside this program

        Progress on standard error, the result as a table and one JSON line on standard output. Exit status 0: all as it
        should be; 1: it is not; 64: usage.
        """

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.contains("--help") || arguments.contains("-h") {
            print(words)
            exit(0)
        }
        do {
            if arguments.first == "exchange" {
                try await Exchange.run(Settings(Array(arguments.dropFirst())))
                exit(0)
            }
            let report = try await Run(Settings(arguments)).run()
            print(report.table)
            print(report.line)
            exit(report.isGood ? 0 : 1)
        } catch let error as Usage {
            complain("soak: \(error.text)\n\(words)\n")
            exit(64)
        } catch {
            complain("soak: \(error)\n")
            exit(1)
        }
    }
}

/// A command line that says nothing that can be done.
struct Usage: Error {
    var text: String

    init(_ text: String) { self.text = text }
}

/// What kept the run from going on.
struct Trouble: Error, CustomStringConvertible { var description: String }

/// To standard error.
func complain(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
}
