import Glibc
import Journal
import Market

/// The files of `derived/checkpoints`: `<number>-<time>.state`, both in digits, so that their names alone say which one
/// a position needs.
struct CheckpointFolder {
    static let name = "checkpoints"
    private static let ending = ".state"
    /// Held by whoever writes; readers take no notice of it.
    private static let lock = "lock"
    private static let unfinished = "unfinished"

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

    let path: String
    private let files: any JournalFiles

    init(recording path: String, files: any JournalFiles) {
        self.path = path + "/derived/" + CheckpointFolder.name
        self.files = files
    }

    func list() -> [Place] {
        do throws(SystemFailure) {
            let folder = try files.openDirectory(path)
            defer { files.close(folder) }
            return try files.list(folder).compactMap { Place(name: $0) }
                .sorted { $0.sequence < $1.sequence }
        } catch {
            // There is none yet, or it cannot be read: then nothing is kept.
            return []
        }
    }

    func read(_ place: Place) throws(SystemFailure) -> [UInt8] {
        let folder = try files.openDirectory(path)
        defer { files.close(folder) }
        let file = try files.open(place.name, in: folder, .read)
        defer { files.close(file) }
        let size = Int(try files.size(of: file))
        var bytes = [UInt8](repeating: 0, count: size)
        var done = 0
        while done < size {
            let result: Result<Int, SystemFailure> = bytes.withUnsafeMutableBytes { buffer in
                do throws(SystemFailure) {
                    return .success(
                        try files.read(
                            file,
                            into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]),
                            at: UInt64(done)
                        )
                    )
                } catch {
                    return .failure(error)
                }
            }
            let count = try result.get()
            guard count > 0 else { break }
            done += count
        }
        return done == size ? bytes : Array(bytes.prefix(done))
    }

    /// The right to write, which one process has at a time; `nil` while another has it.
    func openForWriting() throws(SystemFailure) -> CheckpointWriter? {
        try files.makeDirectory(path)
        let folder = try files.openDirectory(path)
        do throws(SystemFailure) {
            let lock = try files.open(CheckpointFolder.lock, in: folder, .readWrite)
            guard try files.lock(lock) else {
                files.close(lock)
                files.close(folder)
                return nil
            }
            return CheckpointWriter(
                files: files,
                folder: folder,
                lock: lock,
                unfinished: CheckpointFolder.unfinished
            )
        } catch {
            files.close(folder)
            throw error
        }
    }
}

/// Writes into the folder while it holds its lock.
final class CheckpointWriter {
    private let files: any JournalFiles
    private let folder: OpenFile
    private let lock: OpenFile
    private let unfinished: String

    init(files: any JournalFiles, folder: OpenFile, lock: OpenFile, unfinished: String) {
        self.files = files
        self.folder = folder
        self.lock = lock
        self.unfinished = unfinished
    }

    deinit {
        files.close(lock)
        files.close(folder)
    }

    /// The whole file under its name, or none: nothing is synced, since all of it proves itself and can be made again.
    func write(_ bytes: [UInt8], _ place: CheckpointFolder.Place) throws(SystemFailure) {
        // Left behind by one who was killed.
        try remove(unfinished)
        let file = try files.open(unfinished, in: folder, .create)
        do throws(SystemFailure) {
            var done = 0
            while done < bytes.count {
                let result: Result<Int, SystemFailure> = bytes.withUnsafeBytes { buffer in
                    do throws(SystemFailure) {
                        return .success(
                            try files.write(
                                file,
                                UnsafeRawBufferPointer(rebasing: buffer[done...]),
                                at: UInt64(done)
                            )
                        )
                    } catch {
                        return .failure(error)
                    }
                }
                done += try result.get()
            }
        } catch {
            files.close(file)
            try remove(unfinished)
            throw error
        }
        files.close(file)
        try files.rename(unfinished, to: place.name, in: folder)
    }

    func remove(_ place: CheckpointFolder.Place) throws(SystemFailure) { try remove(place.name) }

    private func remove(_ name: String) throws(SystemFailure) {
        do throws(SystemFailure) {
            try files.unlink(name, in: folder)
        } catch {
            guard error == .missing else { throw error }
        }
    }
}
