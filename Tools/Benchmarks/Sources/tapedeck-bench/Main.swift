import Glibc

/// `tapedeck-bench MODE FILE N [SEED]`: measures one thing and prints one line of JSON, as the comparison kit's programs do.
@main
enum Main {
    static let usage = """
        usage: tapedeck-bench MODE FILE N [SEED]
          append    append every message to a new recording and seal it
          scan      read the recording that `append` left; FILE is not used
          decode    decode every message and keep the books
          record    record a session of the messages in which a strategy trades
          replay    replay the session that `record` left; FILE is not used
          ahead     the same with decoding on a second core
          simulate  the maker re-quoting on that session's market; FILE is not used
          keep      make the decoded events of that session's market; FILE is not used
          sweep     three such runs from them, as a sweep makes them; FILE is not used
          resweep   the same from the recording each time; FILE is not used
          plant     record N rounds of a million messages with a maker that changes at two thirds
          bisect    find that change in the recording that `plant` left; FILE and N are not used
          whole     replay that recording with the maker that it has; FILE and N are not used
          project   write invented rows of N records to a projection; FILE is not used
          session   record a session of N records in which an account trades; FILE is not used
          rebuild   its tables from the recording alone; FILE is not used
          market    N market events of the simulated exchange; FILE is not used
          orders    N orders of an account matched there; FILE `rows` has every row made
          memory    a universe of N perpetuals of 200 levels a side; FILE is not used
          calm      N windows of 43 s of the calm market's pushes, by SEED (11), written to FILE for realism.py
          balance   N random orders over every product, the books checked on the way; FILE is the seed
          ledger    N executions folded into a ledger; FILE is `linear`, `inverse`, `spot` or `mixed`
          order-rows  N rows of orders folded into their states; FILE is how many orders live at a time
          hash      of all that the universe of seed N tells; FILE is not used
          table     make a table of FILE's lines; N is not used
        """

    static func main() {
        do {
            print(try run(CommandLine.arguments))
        } catch {
            let words = Array("tapedeck-bench: \(error)\n".utf8)
            write(2, words, words.count)
            exit(1)
        }
    }

    static func run(_ arguments: [String]) throws -> String {
        guard (4...5).contains(arguments.count), let count = Int(arguments[3]), count > 0 else {
            throw BenchError(usage)
        }
        if arguments[1] == "table" {
            let table = try Table(path: arguments[2]).markdown()
            guard table.isGood else {
                print(table.text)
                throw BenchError("a row is below \(Table.floor) of its reference, or books differ")
            }
            return table.text
        }
        if arguments[1] == "market" { return try MarketMode.events(count: count) }
        if arguments[1] == "orders" {
            return try MarketMode.orders(count: count, makesRows: arguments[2] == "rows")
        }
        if arguments[1] == "memory" { return try MarketMode.memory(symbols: count) }
        if arguments[1] == "calm" {
            let seed = arguments.count > 4 ? UInt64(arguments[4]) ?? 11 : 11
            return try CalmMode.run(path: arguments[2], windows: count, seed: seed)
        }
        if arguments[1] == "balance" {
            return try BalanceMode.run(orders: count, seed: UInt64(arguments[2]) ?? 1)
        }
        if arguments[1] == "ledger" {
            return try LedgerMode.executions(count: count, kind: arguments[2])
        }
        if arguments[1] == "order-rows" {
            guard let open = Int(arguments[2]), open > 0 else { throw BenchError(usage) }
            return try LedgerMode.orders(count: count, open: open)
        }
        if arguments[1] == "hash" { return String(try UniverseDigest.of(seed: UInt64(count))) }
        if arguments[1] == "project" { return try ProjectMode.run(records: count) }
        if arguments[1] == "session" { return try DeskMode.record(count: count) }
        if arguments[1] == "rebuild" { return try DeskMode.rebuild(count: count) }
        if arguments[1] == "scan" { return try ScanMode.run(count: count) }
        if arguments[1] == "replay" { return try SessionMode.replay(count: count) }
        if arguments[1] == "ahead" { return try SessionMode.replay(count: count, ahead: true) }
        if arguments[1] == "simulate" { return try SessionMode.simulate(count: count) }
        if arguments[1] == "keep" { return try SweepMode.keep(count: count) }
        if arguments[1] == "sweep" { return try SweepMode.sweep(count: count, caches: true) }
        if arguments[1] == "resweep" { return try SweepMode.sweep(count: count, caches: false) }
        if arguments[1] == "plant" {
            return try BisectMode.plant(Workload(path: arguments[2], count: 1_000_000), count)
        }
        if arguments[1] == "bisect" { return try BisectMode.search() }
        if arguments[1] == "whole" { return try BisectMode.whole() }
        let workload = try Workload(path: arguments[2], count: count)
        switch arguments[1] {
        case "append": return try RecordMode.append(workload)
        case "record": return try SessionMode.record(workload)
        case "decode": return try DecodeMode.run(workload)
        default: throw BenchError(usage)
        }
    }
}
