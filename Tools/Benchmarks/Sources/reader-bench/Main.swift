import Glibc
import Journal
import Market
import Measuring

/// `reader-bench MODE DIR …`: measures one thing of the reader and prints one line of JSON.
@main
enum Main {
    static let usage = """
        usage: reader-bench make DIR MESSAGES COUNT CHUNK-BYTES seal|open
               reader-bench scan|verify|open|open-cold|memory DIR
               reader-bench compact DIR LEVEL
               reader-bench seek DIR time|number COUNT
               reader-bench idle DIR SECONDS
               reader-bench table LINES
        """

    static func main() {
        do {
            print(try run(Array(CommandLine.arguments.dropFirst())))
        } catch {
            let words = Array("reader-bench: \(error)\n".utf8)
            write(2, words, words.count)
            exit(1)
        }
    }

    static func run(_ words: [String]) throws -> String {
        guard words.count >= 2 else { throw BenchError(usage) }
        let path = words[1]
        switch (words[0], words.count) {
        case ("make", 6):
            return try Making.run(
                path,
                messages: words[2],
                count: try number(words[3]),
                chunkBytes: try number(words[4]),
                seals: words[5] == "seal"
            )
        case ("scan", 2): return try Reading.scan(path)
        case ("verify", 2): return try Reading.verify(path)
        case ("compact", 3): return try Making.compact(path, level: try number(words[2]))
        case ("open", 2): return try Reading.open(path, isCold: false)
        case ("open-cold", 2): return try Reading.open(path, isCold: true)
        case ("memory", 2): return try Reading.memory(path)
        case ("seek", 4):
            return try Seeking.run(path, byTime: words[2] == "time", count: try number(words[3]))
        case ("idle", 3): return try Reading.idle(path, seconds: try number(words[2]))
        case ("table", 2): return try ReaderTable(path: path).markdown()
        default: throw BenchError(usage)
        }
    }

    private static func number(_ word: String) throws -> Int {
        guard let value = Int(word), value > 0 else { throw BenchError(usage) }
        return value
    }
}
