import ArgumentParser
import Market

/// Which streams of a recording a command takes.
struct StreamOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only streams that match: `public/linear/*`, `desk/command`. Repeatable.",
            valueName: "glob"
        )
    )
    var stream: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only public streams of symbols that match: `BTC*`. Repeatable.",
            valueName: "glob"
        )
    )
    var symbol: [String] = []

    /// `nil` where all streams are taken.
    var filter: (@Sendable (StreamName) -> Bool)? {
        guard !stream.isEmpty || !symbol.isEmpty else { return nil }
        let streams = stream.map(Glob.init)
        let symbols = symbol.map(Glob.init)
        return { name in
            if !streams.isEmpty, !streams.contains(where: { $0.matches(name.text) }) {
                return false
            }
            if symbols.isEmpty { return true }
            guard case .publicTopic(_, let topic) = name.kind,
                let symbol = topic.split(separator: ".").last
            else { return false }
            return symbols.contains { $0.matches(String(symbol)) }
        }
    }
}
