import Glibc
import Measuring

/// `writer-bench MODE …`: measures one thing of the recorder and prints one line of JSON.
@main
enum Main {
    static let usage = """
        usage: writer-bench append DIR MESSAGES COUNT
               writer-bench compact DIR
               writer-bench latency DIR MESSAGES COUNT RATE
               writer-bench memory DIR MESSAGES SECONDS RATE
               writer-bench session DIR LINES…
               writer-bench kill DIR MESSAGES MIB
               writer-bench open|recover DIR warm|cold
               writer-bench table LINES
        RATE is messages a second, 0 for as many as the queue takes.
        """

    static func main() {
        do {
            print(try run(Array(CommandLine.arguments.dropFirst())))
        } catch {
            let words = Array("writer-bench: \(error)\n".utf8)
            write(2, words, words.count)
            exit(1)
        }
    }

    static func run(_ words: [String]) throws -> String {
        guard words.count >= 2 else { throw BenchError(usage) }
        let path = words[1]
        switch (words[0], words.count) {
        case ("append", 4):
            return try Appending.run(path, messages: words[2], count: try number(words[3]))
        case ("compact", 2): return try Compacting.run(path)
        case ("latency", 5):
            return try Latency.run(
                path,
                messages: words[2],
                count: try number(words[3]),
                rate: try rate(words[4])
            )
        case ("memory", 5):
            return try WriterMemory.run(
                path,
                messages: words[2],
                seconds: try number(words[3]),
                rate: try rate(words[4])
            )
        case ("session", 3...): return try RealSession.run(path, files: Array(words[2...]))
        case ("kill", 4):
            try Killing.run(path, messages: words[2], mebibytes: try number(words[3]))
        case ("open", 3): return try Opening.open(path, isCold: words[2] == "cold")
        case ("recover", 3): return try Opening.recover(path, isCold: words[2] == "cold")
        case ("table", 2): return try WriterTable(path: path).markdown()
        default: throw BenchError(usage)
        }
    }

    private static func number(_ word: String) throws -> Int {
        guard let value = Int(word), value > 0 else { throw BenchError(usage) }
        return value
    }

    private static func rate(_ word: String) throws -> Int {
        guard let value = Int(word), value >= 0 else { throw BenchError(usage) }
        return value
    }
}
