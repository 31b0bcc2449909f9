import Glibc
import Journal
import Market

/// The MCAP reader on files that were changed at random: it ends, with records or an error, whatever the file says.
///
/// A trap, a signal or a hang ends this process; run it under the address sanitizer for the long form
/// (`swift run --sanitize=address torture fuzz`).
struct Fuzz {
    let settings: Settings
    var report: Report
    private var dice: Dice

    init(_ settings: Settings) {
        self.settings = settings
        report = Report("fuzz", settings)
        dice = Dice(settings.seed, 7)
    }

    /// Files to begin with: the stored corpus, and segments of ours, sealed, open and without chunks.
    private func corpus() throws(JournalError) -> [[UInt8]] {
        var files: [[UInt8]] = []
        for seed in 1...3 {
            for isSealed in [true, false] {
                let image = try Flip.recording(isSealed: isSealed, UInt64(seed))
                files += image.files.keys.sorted().filter { $0.hasSuffix(".mcap") }
                    .compactMap { image.files[$0] }
            }
        }
        let stored = Image(directory: settings.directory ?? "Fixtures/corpus")
        files += stored.files.keys.sorted().compactMap { stored.files[$0] }
        return files
    }

    mutating func run() {
        defer { Alarm.clear() }
        do throws(JournalError) {
            let files = try corpus()
            report.count("corpus", files.count)
            for number in 0..<settings.amount(short: 3000, long: 20_000_000) where !report.isFull {
                var bytes = files[dice.below(files.count)]
                change(&bytes, files)
                if number % 64 == 0 { Alarm.set("input \(number) of seed \(settings.seed)") }
                read(bytes)
                report.count("inputs")
            }
        } catch {
            report.find("the corpus cannot be made: \(error)", at: "start")
        }
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

    /// As one file of unknown origin, and as the last segment of a recording.
    private mutating func read(_ bytes: [UInt8]) {
        let name = "000000000001.mcap"
        let disk = MemoryDisk(Image(files: [name: bytes]))
        for path in [MemoryDisk.path, MemoryDisk.path + "/" + name] {
            do throws(JournalError) {
                _ = try Verifier.verify(path, files: disk)
                report.count("verified")
            } catch {
                report.count("refused")
            }
            do throws(JournalError) {
                let recording = try Recording.open(path, files: disk)
                _ = try recording.streams()
                let cursor = try recording.cursor()
                var errors = 0
                while errors < 16 {
                    do throws(JournalError) {
                        guard let record = try cursor.next() else { break }
                        // Every byte that is given is touched: it must be there.
                        _ = record.payload.reduce(UInt8(0)) { $0 ^ $1 }
                        _ = cursor.name(of: record.stream)
                    } catch {
                        errors += 1
                    }
                }
                try cursor.seek(to: .sequence(SequenceNumber(dice.next() % 64)))
                _ = try cursor.next()
                try cursor.seek(to: .time(Timestamp(nanoseconds: Int64(dice.next() >> 1))))
                _ = try cursor.next()
            } catch {
                continue
            }
        }
    }
}
