import Glibc
import Journal

/// What a subcommand found and how much it tried: JSON lines on standard output.
struct Report {
    /// Something that breaks a promise.
    struct Finding {
        var what: String
        /// How to come to it again.
        var place: String
    }

    private let name: String
    private let settings: Settings
    private let started: Int64
    private(set) var counts: [(name: String, value: Int)] = []
    private(set) var findings: [Finding] = []
    /// Where findings leave their recordings, so that no process writes over another's.
    private var part: String { settings.part.map { "-\($0)" } ?? "" }
    /// More of the same kind says nothing new.
    var most = 10
    /// Findings are wanted: nothing is printed or kept.
    var isQuiet = false

    init(_ name: String, _ settings: Settings, started: Int64 = SystemFiles().now()) {
        self.name = name
        self.started = started
        self.settings = settings
    }

    /// Enough was found, or the time is up.
    var isFull: Bool { findings.count >= most || settings.isOver }

    /// Adds to a count; one whose name begins with `most` keeps the larger of the two.
    mutating func count(_ name: String, _ more: Int = 1) {
        if let index = counts.firstIndex(where: { $0.name == name }) {
            let value = counts[index].value
            counts[index].value = name.hasPrefix("most") ? max(value, more) : value + more
        } else {
            counts.append((name, more))
        }
    }

    /// Findings that another process has printed.
    mutating func absorb(findings count: Int) {
        for _ in 0..<count { findings.append(Finding(what: "", place: "")) }
    }

    /// Prints the finding at once; what comes after it may not end well.
    mutating func find(_ what: String, at place: String, image: Image? = nil) {
        defer { findings.append(Finding(what: what, place: place)) }
        guard !isQuiet else { return }
        var line = "{\"torture\":\"\(name)\",\"finding\":\(Report.quoted(what))"
        line += ",\"seed\":\(settings.seed),\"at\":\(Report.quoted(place))"
        if let image {
            let path = "\(settings.keep)/\(name)-\(settings.seed)\(part)-\(findings.count)"
            image.write(to: path)
            line += ",\"kept\":\(Report.quoted(path))"
        }
        print(line + "}")
        fflush(nil)
    }

    /// A broken recorder was caught, and by what.
    func say(_ name: String, caught: String, at place: String) {
        print(
            "{\"torture\":\"broken\",\"caught\":\(Report.quoted(name)),\"by\":"
                + "\(Report.quoted(caught)),\"at\":\(Report.quoted(place))}"
        )
        fflush(nil)
    }

    /// The result line.
    func finish(skipped: String? = nil) {
        var line = "{\"torture\":\"\(name)\",\"seed\":\(settings.seed)"
        line += ",\"mode\":\"\(settings.isShort ? "short" : "long")\""
        for entry in counts { line += ",\"\(entry.name)\":\(entry.value)" }
        let tenths = (SystemFiles().now() - started) / 100_000_000
        line += ",\"seconds\":\(tenths / 10).\(tenths % 10)"
        if let skipped { line += ",\"skipped\":\(Report.quoted(skipped))" }
        print(line + ",\"findings\":\(findings.count)}")
        fflush(nil)
    }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
