import Testing

/// The core looks things up in dictionaries and sets, and never walks through one: their order changes with each process.
@Suite struct UnorderedTests {
    @Test func `the core iterates over no dictionary and no set`() throws {
        for file in try SourceTree().files where CoreTests.core.contains(file.module) {
            for (line, name) in Self.walks(file.code) {
                Issue.record("\(file.path):\(line): \(name) has no order; keep an OrderedTable")
            }
        }
    }

    @Test(arguments: [
        ["var known: Set<Symbol> = []", "for symbol in known {"],
        ["let places: [String: Int] = [:]", "return places.map { $0.key }"],
        ["var bySymbol = [Symbol: Int]()", "for (symbol, place) in self.bySymbol {"],
        ["var seen: Set<String> = []", "guard let any = seen.first else { return }"],
        ["var count: [String: Int] = [:]", "for name in count.keys {"],
    ])
    func `each way to walk is found`(lines: [String]) {
        #expect(Self.walks(lines).map(\.line) == [2])
    }

    @Test(arguments: [
        ["var known: Set<Symbol> = []", "if known.contains(symbol) { return }"],
        ["let places: [String: Int] = [:]", "return places[name]"],
        ["var exposed: Set<Int> = []", "return exposed.sorted()"],
        ["let rows: [(name: String, count: Int)] = []", "for row in rows {"],
    ])
    func `looking up is allowed, and so is what puts into an order`(lines: [String]) {
        #expect(Self.walks(lines).isEmpty)
    }

    /// Lines that walk through what the same lines declare as a dictionary or a set.
    static func walks(_ lines: [String]) -> [(line: Int, name: String)] {
        let declared = lines.compactMap { declaration($0) }
        var found: [(line: Int, name: String)] = []
        for (place, line) in lines.enumerated() {
            guard !line.contains("sorted") else { continue }
            for name in declared where walks(line, name) { found.append((place + 1, name)) }
        }
        return found
    }

    private static let steps = [
        "map", "forEach", "filter", "reduce", "compactMap", "flatMap", "first", "values", "keys",
        "min",
        "max", "randomElement", "enumerated", "popFirst",
    ]

    private static func walks(_ line: String, _ name: String) -> Bool {
        let words = CoreTests.words(of: line)
        for (place, word) in words.enumerated() where word == name {
            let before = words[..<place].last { $0 != "self" }
            if before == "in", words.first == "for" { return true }
            let next = place + 1 < words.count ? words[place + 1] : ""
            if steps.contains(next), line.contains("\(name).\(next)") { return true }
        }
        return false
    }

    /// The name of a dictionary or set that a line declares.
    private static func declaration(_ line: String) -> String? {
        let words = CoreTests.words(of: line)
        guard let keyword = words.firstIndex(where: { $0 == "let" || $0 == "var" }),
            keyword + 1 < words.count
        else { return nil }
        let name = words[keyword + 1]
        for mark in [": ", " = "] {
            guard let start = line.firstRange(of: name + mark) else { continue }
            let type = line[start.upperBound...]
            if type.hasPrefix("Set<") || type.hasPrefix("Dictionary<") { return name }
            guard type.hasPrefix("["), !type.hasPrefix("[(") else { return nil }
            // Up to the bracket that closes the first one.
            var depth = 0
            for character in type {
                if character == "[" { depth += 1 }
                if character == "]" { depth -= 1 }
                if character == ":", depth == 1 { return name }
                if depth == 0 { break }
            }
        }
        return nil
    }
}
