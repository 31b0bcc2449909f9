import Glibc
import Journal

/// A recording's `derived/`, or a folder in it: files that prove themselves, and that one process at a time makes.
struct DerivedFolder {
    let path: String
    let files: any JournalFiles
    /// Held by whoever writes; readers take no notice of it.
    private let lock: String
    private let unfinished: String

    /// - Parameters:
    ///   - name: of the folder; `nil` for `derived/` itself.
    ///   - prefix: of the files that writing takes, where others write beside.
    init(
        recording path: String,
        _ name: String? = nil,
        prefix: String = "",
        files: any JournalFiles
    ) {
        self.path = path + "/derived" + (name.map { "/" + $0 } ?? "")
        self.files = files
        lock = prefix + "lock"
        unfinished = prefix + "unfinished"
    }

    /// Names of all that is there; empty where the folder is not.
    func names() -> [String] {
        do throws(SystemFailure) {
            let folder = try files.openDirectory(path)
            defer { files.close(folder) }
            return try files.list(folder)
        } catch {
            // There is none yet, or it cannot be read: then nothing is kept.
            return []
        }
    }

    /// - Throws: also for a pipe or a device of this name, which might never answer.
    func open(_ name: String) throws(SystemFailure) -> DerivedFile {
        var status = stat()
        if lstat(path + "/" + name, &status) == 0 {
            // A link is refused when it is opened.
            let kind = status.st_mode & S_IFMT
            guard kind == S_IFREG || kind == S_IFLNK else { throw SystemFailure(EINVAL) }
        }
        let folder = try files.openDirectory(path)
        defer { files.close(folder) }
        return DerivedFile(files, try files.open(name, in: folder, .read))
    }

    /// What stands under a name, held against a file that was opened under it.
    enum Standing {
        case same
        case another
        case nothing
    }

    func standing(_ name: String, as file: DerivedFile) -> Standing {
        var named = stat()
        guard lstat(path + "/" + name, &named) == 0 else {
            return errno == ENOENT ? .nothing : .another
        }
        var read = stat()
        guard fstat(file.descriptor, &read) == 0, read.st_dev == named.st_dev,
            read.st_ino == named.st_ino
        else { return .another }
        return .same
    }

    /// The right to write, which one process has at a time; `nil` while another has it.
    func openForWriting() throws(SystemFailure) -> DerivedWriter? {
        try files.makeDirectory(path)
        let folder = try files.openDirectory(path)
        do throws(SystemFailure) {
            let lock = try files.open(self.lock, in: folder, .readWrite)
            guard try files.lock(lock) else {
                files.close(lock)
                files.close(folder)
                return nil
            }
            return DerivedWriter(
                files: files,
                folder: folder,
                lock: lock,
                unfinished: unfinished
            )
        } catch {
            files.close(folder)
            throw error
        }
    }
}

/// Writes into a folder while it holds its lock.
final class DerivedWriter {
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
    func write(_ bytes: [UInt8], as name: String) throws(SystemFailure) {
        let file = try begin()
        do throws(SystemFailure) {
            try file.append(bytes)
            try finish(file, as: name)
        } catch {
            abandon(file)
            throw error
        }
    }

    /// A file without a name, until ``finish(_:as:)``; what an earlier writer left behind who was killed is gone.
    func begin() throws(SystemFailure) -> DerivedFile {
        try remove(unfinished)
        return DerivedFile(files, try files.open(unfinished, in: folder, .create))
    }

    func finish(_ file: DerivedFile, as name: String) throws(SystemFailure) {
        try files.rename(unfinished, to: name, in: folder)
    }

    /// Its blocks are free again; where they cannot be, the next writer tries.
    func abandon(_ file: DerivedFile) { try? remove(unfinished) }

    func remove(_ name: String) throws(SystemFailure) {
        do throws(SystemFailure) {
            try files.unlink(name, in: folder)
        } catch {
            guard error == .missing else { throw error }
        }
    }
}

/// An open file of `derived/`, closed with its last owner.
final class DerivedFile {
    private let files: any JournalFiles
    private let file: OpenFile
    /// Where the next byte is written.
    private var end: UInt64 = 0

    init(_ files: any JournalFiles, _ file: OpenFile) {
        self.files = files
        self.file = file
    }

    deinit { files.close(file) }

    var descriptor: Int32 { file.number }

    func size() throws(SystemFailure) -> UInt64 { try files.size(of: file) }

    func append(_ bytes: [UInt8]) throws(SystemFailure) {
        var done = 0
        while done < bytes.count {
            let result: Result<Int, SystemFailure> = bytes.withUnsafeBytes { buffer in
                do throws(SystemFailure) {
                    return .success(
                        try files.write(
                            file,
                            UnsafeRawBufferPointer(rebasing: buffer[done...]),
                            at: end
                        )
                    )
                } catch {
                    return .failure(error)
                }
            }
            let count = try result.get()
            done += count
            end += UInt64(count)
        }
    }

    /// Reads bytes into the front of `bytes`.
    ///
    /// - Returns: how many there were; fewer than `count` at the end of the file.
    func read(
        _ count: Int,
        into bytes: inout [UInt8],
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        var done = 0
        while done < count {
            let result: Result<Int, SystemFailure> = bytes.withUnsafeMutableBytes { buffer in
                do throws(SystemFailure) {
                    return .success(
                        try files.read(
                            file,
                            into: UnsafeMutableRawBufferPointer(rebasing: buffer[done..<count]),
                            at: offset + UInt64(done)
                        )
                    )
                } catch {
                    return .failure(error)
                }
            }
            let read = try result.get()
            guard read > 0 else { break }
            done += read
        }
        return done
    }
}
