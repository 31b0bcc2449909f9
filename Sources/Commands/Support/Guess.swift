/// What a wrong name was meant to be.
enum Guess {
    /// The allowed path that is nearest to one that is not; `*` in it stands for a name of the user's own.
    static func path(_ wrong: String, among allowed: [String]) -> String? {
        let parts = wrong.split(separator: ".").map(String.init)
        var best: (path: String, distance: Int)?
        for pattern in allowed {
            let wanted = pattern.split(separator: ".").map(String.init)
            guard let last = wanted.last, last != "*" else { continue }
            let candidate: String
            if wanted.count == parts.count {
                // A name of the user's own is taken as it stands.
                candidate = zip(wanted, parts).map { $0 == "*" ? $1 : $0 }.joined(separator: ".")
            } else {
                // In the wrong place: only the last word is compared, and it has to be right.
                guard last == parts.last, !pattern.contains("*") else { continue }
                candidate = pattern
            }
            let distance = wanted.count == parts.count ? Guess.distance(candidate, wrong) : 1
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best, best.distance <= max(1, wrong.count / 3) else { return nil }
        return best.path
    }

    /// How many letters have to be added, left out or changed to make the one the other.
    static func distance(_ one: String, _ other: String) -> Int {
        let first = Array(one.utf8)
        let second = Array(other.utf8)
        var row = Array(0...second.count)
        for (place, byte) in first.enumerated() {
            var corner = row[0]
            row[0] = place + 1
            for (column, other) in second.enumerated() {
                let next = byte == other ? corner : 1 + min(corner, row[column], row[column + 1])
                corner = row[column + 1]
                row[column + 1] = next
            }
        }
        return row[second.count]
    }
}
