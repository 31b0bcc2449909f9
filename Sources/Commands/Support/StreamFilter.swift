import ArgumentParser
import Market
import Synchronization

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
    var choice: StreamChoice? {
        guard !stream.isEmpty || !symbol.isEmpty else { return nil }
        return StreamChoice(streams: stream, symbols: symbol)
    }
}

/// A choice of streams, which remembers whether there were any.
final class StreamChoice: Sendable {
    private let streams: [Glob]
    private let symbols: [Glob]
    private let words: String
    private let hasMatched = Atomic(false)

    init(streams: [String], symbols: [String]) {
        self.streams = streams.map(Glob.init)
        self.symbols = symbols.map(Glob.init)
        words =
            (streams.map { "--stream '\($0)'" } + symbols.map { "--symbol '\($0)'" })
            .joined(separator: " ")
    }

    var passes: @Sendable (StreamName) -> Bool {
        { name in
            guard self.matches(name) else { return false }
            self.hasMatched.store(true, ordering: .relaxed)
            return true
        }
    }

    private func matches(_ name: StreamName) -> Bool {
        if !streams.isEmpty, !streams.contains(where: { $0.matches(name.text) }) { return false }
        if symbols.isEmpty { return true }
        guard case .publicTopic(_, let topic) = name.kind,
            let symbol = topic.split(separator: ".").last
        else { return false }
        return symbols.contains { $0.matches(String(symbol)) }
    }

    /// Says on standard error that nothing was chosen: a mistyped name looks like silence otherwise.
    func noteIfNothingMatched() {
        guard !hasMatched.load(ordering: .relaxed) else { return }
        Printing.note("no stream matches \(words); `tapedeck info` lists what there is")
    }
}
