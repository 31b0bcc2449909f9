import Yams

/// What a session is configured with, as paths and texts: `strategies.maker.offset_ticks` → `2`.
///
/// Options beat `--set path=value`, which beats the session file, which beats defaults. Values are texts, also
/// numbers: nothing passes through a float. Each remembers where it came from, for the error that names it.
struct Settings {
    struct Entry {
        var path: String
        var value: String
        /// `session.yaml:12:5`, `--set`, or an option's name.
        var place: String
        /// Where its name stands; empty where that is the same.
        var keyPlace = ""
    }

    private(set) var entries: [Entry] = []

    init() {}

    /// Reads a session file; `name` is how errors call it.
    init(yaml text: String, name: String) throws {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw Failure(
                .sessionFile,
                Settings.words(of: error),
                at: Settings.place(of: error, in: name),
                do: "See `tapedeck trade --help` for an example of a session file."
            )
        }
        guard let node else { return }
        guard case .mapping = node else {
            throw Failure(
                .sessionFile,
                "the session file is not a mapping of names to values",
                at: name
            )
        }
        try collect(node, path: "", name: name)
    }

    /// Replaces what stands at the path; a list's entries are replaced as a whole.
    mutating func set(_ path: String, _ value: String, place: String) {
        remove(path)
        entries.append(Entry(path: path, value: value, place: place))
    }

    mutating func remove(_ path: String) { entries.removeAll { $0.path == path } }

    mutating func append(_ path: String, _ value: String, place: String) {
        entries.append(Entry(path: path, value: value, place: place))
    }

    mutating func append(_ entry: Entry) { entries.append(entry) }

    /// Applies `path=value`.
    mutating func set(assignment: String) throws {
        guard let equals = assignment.firstIndex(of: "="), equals != assignment.startIndex else {
            throw Failure(
                .usage,
                "--set \(assignment) is not path=value",
                do: "Write it as --set strategies.maker.offset_ticks=3."
            )
        }
        set(
            String(assignment[..<equals]),
            String(assignment[assignment.index(after: equals)...]),
            place: "--set"
        )
    }

    func value(_ path: String) -> Entry? { entries.last { $0.path == path } }

    func values(_ path: String) -> [Entry] { entries.filter { $0.path == path } }

    /// Names directly below a path, in the order they were written: the strategies of `strategies`.
    func names(below path: String) -> [String] {
        var names: [String] = []
        for entry in entries where entry.path.hasPrefix(path + ".") {
            let name = entry.path.dropFirst(path.count + 1).prefix { $0 != "." }
            if !names.contains(String(name)) { names.append(String(name)) }
        }
        return names
    }

    /// Fails for the first entry that no pattern allows; `*` stands for one name.
    func checkPaths(allowed: [String]) throws {
        for entry in entries {
            guard !Settings.allows(entry.path, allowed) else { continue }
            throw Settings.unknown(entry, allowed: allowed)
        }
    }

    /// True for a path that some pattern allows; `*` stands for one name.
    static func allows(_ path: String, _ allowed: [String]) -> Bool {
        let parts = path.split(separator: ".")
        return allowed.contains { pattern in
            let wanted = pattern.split(separator: ".")
            return wanted.count == parts.count
                && zip(wanted, parts).allSatisfy { $0 == "*" || $0 == $1 }
        }
    }

    /// A name that no pattern allows, with the one that was meant where that can be guessed.
    static func unknown(_ entry: Entry, allowed: [String]) -> Failure {
        let guess = Guess.path(entry.path, among: allowed)
        return Failure(
            .sessionFile,
            "\(entry.path) is not a setting",
            at: entry.keyPlace.isEmpty ? entry.place : entry.keyPlace,
            do: guess.map { "Did you mean \($0)?" }
                ?? "Allowed are: \(allowed.joined(separator: ", "))."
        )
    }

    private mutating func collect(
        _ node: Node,
        path: String,
        name: String,
        keyPlace: String = ""
    ) throws {
        let place = node.mark.map { "\(name):\($0.line):\($0.column)" } ?? name
        switch node {
        case .scalar(let scalar):
            entries.append(
                Entry(path: path, value: scalar.string, place: place, keyPlace: keyPlace)
            )
        case .mapping(let mapping):
            for (key, value) in mapping {
                guard let word = key.scalar?.string, !word.isEmpty else {
                    throw Failure(.sessionFile, "a name is expected here", at: place)
                }
                let next = path.isEmpty ? word : path + "." + word
                if entries.contains(where: { $0.path == next || $0.path.hasPrefix(next + ".") }) {
                    throw Failure(.sessionFile, "\(next) is set twice", at: place)
                }
                let keyPlace = key.mark.map { "\(name):\($0.line):\($0.column)" } ?? place
                try collect(value, path: next, name: name, keyPlace: keyPlace)
            }
        case .sequence(let sequence):
            for (number, value) in sequence.enumerated() {
                if case .mapping = value, Settings.listsOfMappings.contains(path) {
                    try collect(value, path: path + ".\(number)", name: name)
                    continue
                }
                guard case .scalar(let scalar) = value else {
                    throw Failure(
                        .sessionFile,
                        "a list of plain values is expected at \(path)",
                        at: place
                    )
                }
                let mark = value.mark.map { "\(name):\($0.line):\($0.column)" } ?? place
                entries.append(
                    Entry(path: path, value: scalar.string, place: mark, keyPlace: keyPlace)
                )
            }
        case .alias:
            throw Failure(.sessionFile, "aliases are not read in a session file", at: place)
        }
    }

    /// Lists whose entries have names of their own: the first entry is `path.0`.
    private static let listsOfMappings: Set<String> = ["alerts.sinks"]
    private static func place(of error: YamlError, in name: String) -> String {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            "\(name):\(mark.line):\(mark.column)"
        default: name
        }
    }

    private static func words(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _),
            .composer(_, let problem, _, _):
            "the file is not YAML: \(problem)"
        default: "is not YAML: \(error)"
        }
    }
}
