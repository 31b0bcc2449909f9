import Journal
import Market

/// The readers on files that were changed at random: they end, with records or errors, whatever the files say.
///
/// A trap, a signal or a hang ends this process. `Tools/Fuzz` has the same with libFuzzer and the address sanitizer.
struct Fuzz {
    let settings: Settings
    var report: Report
    private var dice: Dice

    init(_ settings: Settings) {
        self.settings = settings
        report = Report("fuzz", settings)
        dice = Dice(settings.seed, 7, UInt64(settings.part ?? 0))
    }

    mutating func run() {
        defer { Alarm.clear() }
        do throws(JournalError) {
            let path = settings.directory ?? "Fixtures/corpus"
            let stored = Corpus.stored(in: path)
            if settings.directory != nil, stored.isEmpty {
                report.find("no corpus is stored there", at: path)
            }
            let inputs = try Corpus.make().map(\.bytes) + stored.map(\.bytes)
            report.count("corpus", settings.part ?? 0 == 0 ? inputs.count : 0)
            for (number, input) in inputs.enumerated() where settings.isOurs(number) {
                Alarm.set("input \(number) of the corpus")
                take(input)
            }
            let count = settings.share(of: settings.amount(short: 6000, long: 20_000_000))
            for number in 0..<count where !report.isFull {
                var bytes = inputs[dice.below(inputs.count)]
                change(&bytes, inputs)
                if number % 64 == 0 { Alarm.set("input \(number) of seed \(settings.seed)") }
                take(bytes)
            }
        } catch {
            report.find("the corpus cannot be made: \(error)", at: "start")
        }
    }

    private mutating func take(_ bytes: [UInt8]) {
        let outcome = FuzzInput.read(bytes)
        report.count("inputs")
        report.count("verified", outcome.verified)
        report.count("refused", outcome.refused)
        report.count("records", outcome.records)
    }

    /// A few changes that hostile files are made of.
    private mutating func change(_ bytes: inout [UInt8], _ files: [[UInt8]]) {
        for _ in 0...dice.below(6) {
            guard bytes.count > 16 else { return }
            let place = dice.below(bytes.count)
            switch dice.below(8) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: dice.next())
            case 1: bytes[place] ^= 1 << UInt8(dice.below(8))
            case 2: bytes.removeLast(dice.below(bytes.count / 2))
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + dice.below(64)))
            case 4:
                let other = files[dice.below(files.count)]
                let start = dice.below(other.count)
                let piece = other[start..<min(other.count, start + dice.below(400))]
                bytes.insert(contentsOf: piece, at: place)
            case 5:
                // Lengths and counts that lie.
                let value = [0, 1, UInt64(bytes.count), 1 << 31, 1 << 32, 1 << 63, .max][
                    dice.below(7)
                ]
                let width = [2, 4, 8][dice.below(3)]
                for index in 0..<width where place + index < bytes.count {
                    bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
                }
            case 6:
                for index in place..<min(bytes.count, place + dice.below(64)) {
                    bytes[index] = UInt8(truncatingIfNeeded: dice.next())
                }
            default:
                let end = min(bytes.count, place + dice.below(200))
                bytes.insert(contentsOf: bytes[place..<end], at: dice.below(bytes.count))
            }
        }
    }
}
