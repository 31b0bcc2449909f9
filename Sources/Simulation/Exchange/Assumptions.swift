/// What the exchange takes where Bybit's documentation is silent: the page `Assumptions`, as it was built in.
public enum Assumptions {
    /// Where the page lies in the project.
    public static let file = "Sources/Simulation/Simulation.docc/Assumptions.md"

    public static var page: String {
        String(decoding: PackageResources.Assumptions_md, as: UTF8.self)
    }

    /// One heading of the page.
    public struct Subject: Hashable, Sendable {
        public var title: String
        /// Its lines, without their dashes.
        public var lines: [String]
    }

    /// The page's headings in its order, each with its lines.
    public static var subjects: [Subject] {
        var subjects: [Subject] = []
        for line in page.split(separator: "\n") {
            if line.hasPrefix("## ") {
                subjects.append(Subject(title: String(line.dropFirst(3)), lines: []))
            } else if line.hasPrefix("- "), !subjects.isEmpty {
                subjects[subjects.count - 1].lines.append(String(line.dropFirst(2)))
            }
        }
        return subjects
    }
}
