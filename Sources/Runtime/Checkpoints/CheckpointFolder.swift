import Journal
import Market

/// The files of `derived/checkpoints`: `<number>-<time>.state`, both in digits, so that their names alone say which one
/// a position needs.
struct CheckpointFolder {
    static let name = "checkpoints"
    private static let ending = ".state"

    /// A file by its name.
    struct Place: Hashable {
        var sequence: SequenceNumber
        var time: Timestamp

        var name: String {
            let digits = String(sequence.value)
            return String(repeating: "0", count: max(0, 12 - digits.count)) + digits
                + "-\(time.nanoseconds)" + CheckpointFolder.ending
        }

        init(sequence: SequenceNumber, time: Timestamp) {
            self.sequence = sequence
            self.time = time
        }

        /// `nil` for a name that is none of ours.
        init?(name: String) {
            guard name.hasSuffix(CheckpointFolder.ending) else { return nil }
            let parts = name.dropLast(CheckpointFolder.ending.count)
                .split(separator: "-", maxSplits: 1)
            guard parts.count == 2, let number = UInt64(parts[0]), let time = Int64(parts[1])
            else { return nil }
            self.init(
                sequence: SequenceNumber(number),
                time: Timestamp(nanoseconds: time)
            )
            guard self.name == name else { return nil }
        }
    }

    private let folder: DerivedFolder

    init(recording path: String, files: any JournalFiles) {
        folder = DerivedFolder(recording: path, CheckpointFolder.name, files: files)
    }

    var path: String { folder.path }

    func list() -> [Place] {
        folder.names().compactMap { Place(name: $0) }.sorted { $0.sequence < $1.sequence }
    }

    func read(_ place: Place) throws(SystemFailure) -> [UInt8] {
        let file = try folder.open(place.name)
        var bytes = [UInt8](repeating: 0, count: Int(try file.size()))
        let count = try file.read(bytes.count, into: &bytes, at: 0)
        return count == bytes.count ? bytes : Array(bytes.prefix(count))
    }

    /// The right to write, which one process has at a time; `nil` while another has it.
    func openForWriting() throws(SystemFailure) -> DerivedWriter? { try folder.openForWriting() }
}
