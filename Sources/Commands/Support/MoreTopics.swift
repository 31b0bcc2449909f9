import Live
import Market

/// What a session file subscribes beside rules: `private:` and `sockets.status`.
extension SessionSettings {
    /// What `sockets.status` may say.
    enum News: String, CaseIterable {
        case follow
    }

    /// Topics of the private socket beside those that every session with a key has.
    static func privateTopics(_ settings: Settings) throws -> [String] {
        var topics: [String] = []
        for entry in settings.values("private") {
            for part in entry.value.split(separator: ",") {
                let topic = part.filter { $0 != " " }
                let problem: String?
                if !SessionConfiguration.optionalPrivateTopics.contains(topic) {
                    problem = "\(topic) is no topic that may be added"
                } else if let other = topics.first(where: { excludes($0, topic) }) {
                    problem = "\(topic) and \(other) do not stand on one connection"
                } else {
                    problem = nil
                }
                if let problem {
                    let known = SessionConfiguration.optionalPrivateTopics
                    throw Failure(
                        .sessionFile,
                        "private: \(problem)",
                        at: entry.place,
                        do: "Write some of " + known.joined(separator: ", ") + "."
                    )
                }
                if !topics.contains(topic) { topics.append(topic) }
            }
        }
        if let first = settings.values("private").first,
            settings.value("credentials") == nil, settings.value("observe") == nil
        {
            throw Failure(
                .sessionFile,
                "private topics need a key",
                at: first.place,
                do: "Give credentials: a section of the credentials file."
            )
        }
        return topics
    }

    /// True for `execution.fast` beside `execution.fast.linear`.
    private static func excludes(_ one: String, _ other: String) -> Bool {
        one.hasPrefix(other + ".") || other.hasPrefix(one + ".")
    }
}
