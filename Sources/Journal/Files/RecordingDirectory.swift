import Market

/// A recording's directory, opened: the names in it, and reading and writing that deals with short
/// counts and interrupts, each failure with the file's name.
struct RecordingDirectory: Sendable {
    static let lock = "lock"
    static let head = "HEAD"
    static let manifest = "manifest.json"
    static let tails = ["tail-a", "tail-b"]
    /// Where chunks go while the disk is full.
    static let reserve = "reserve"
    /// Gone when the recording is sealed.
    static let writeAhead = tails + [reserve]
    /// What is being built and has no name yet; removed by whoever records next.
    static let unfinished = ".unfinished"

    let path: String
    let files: any JournalFiles
    let handle: OpenFile
    /// Where segments are that other files are named after; for readers.
    var placement = SegmentPlacement.plain

    static func open(
        _ path: String,
        files: any JournalFiles
    ) throws(JournalError) -> RecordingDirectory {
        do throws(SystemFailure) {
            return RecordingDirectory(
                path: path,
                files: files,
                handle: try files.openDirectory(path)
            )
        } catch {
            if error == .missing { throw JournalError(.missing, file: path) }
            throw JournalError(.system(call: "open", code: error.code), file: path)
        }
    }

    func close() { files.close(handle) }

    /// `000000088001.mcap`: twelve digits or more, so that names sort as numbers.
    static func segmentName(_ first: SequenceNumber) -> String {
        let digits = String(first.value)
        return String(repeating: "0", count: max(0, 12 - digits.count)) + digits + ".mcap"
    }

    /// The first number of a segment's name; `nil` for any other name.
    static func firstNumber(ofSegment name: String) -> SequenceNumber? {
        guard name.hasSuffix(".mcap") else { return nil }
        guard let number = UInt64(name.dropLast(5)).map({ SequenceNumber($0) }),
            number.isPossible, segmentName(number) == name
        else { return nil }
        return number
    }

    /// Names of all MCAP files, sorted as text.
    func mcapNames() throws(JournalError) -> [String] {
        do throws(SystemFailure) {
            return try calling { () throws(SystemFailure) in try files.list(handle) }
                .filter { $0.hasSuffix(".mcap") }.sorted()
        } catch {
            throw failure(error, "readdir", "")
        }
    }

    /// Names of the segments in the order of their numbers.
    func segmentNames() throws(JournalError) -> [String] {
        let there = try mcapNames()
        let names =
            there.filter { !placement.misnamed.contains($0) }
            + placement.files.filter { there.contains($0.value) }.map(\.key)
        return names.compactMap { name in
            RecordingDirectory.firstNumber(ofSegment: name).map { (name, $0) }
        }
        .sorted { $0.1 < $1.1 }
        .map(\.0)
    }

    // MARK: One file

    /// The file that is meant: of a segment that stands under another's name, that one.
    func fileName(_ name: String) -> String { placement.files[name] ?? name }

    func open(_ name: String, _ mode: OpenMode) throws(JournalError) -> OpenFile {
        do throws(SystemFailure) {
            return try calling { () throws(SystemFailure) in
                try files.open(fileName(name), in: handle, mode)
            }
        } catch {
            throw failure(error, "open", name)
        }
    }

    /// A new file of zeros with blocks of its own; takes the place of an older one.
    func makeAllocated(_ name: String, bytes: UInt64) throws(JournalError) -> OpenFile {
        try removeIfThere(name)
        let file = try open(name, .create)
        do throws(JournalError) {
            try allocate(file, name, bytes: bytes)
        } catch {
            files.close(file)
            throw error
        }
        return file
    }

    /// Blocks for the first `bytes` of a file; what it holds stays.
    func allocate(_ file: OpenFile, _ name: String, bytes: UInt64) throws(JournalError) {
        do throws(SystemFailure) {
            try calling { () throws(SystemFailure) in try files.allocate(file, bytes: bytes) }
        } catch {
            throw failure(error, "fallocate", name)
        }
    }

    /// `nil` when there is no such file.
    func openIfThere(_ name: String) throws(JournalError) -> OpenFile? {
        do throws(SystemFailure) {
            return try calling { () throws(SystemFailure) in
                try files.open(fileName(name), in: handle, .read)
            }
        } catch {
            if error == .missing { return nil }
            throw failure(error, "open", name)
        }
    }

    func size(_ file: OpenFile, _ name: String) throws(JournalError) -> UInt64 {
        do throws(SystemFailure) {
            return try calling { () throws(SystemFailure) in try files.size(of: file) }
        } catch {
            throw failure(error, "fstat", name)
        }
    }

    /// Writes all of it, over short writes and interrupts.
    func write(
        _ file: OpenFile,
        _ name: String,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(JournalError) {
        var done = 0
        while done < bytes.count {
            do throws(SystemFailure) {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
                let count = try files.write(file, rest, at: offset + UInt64(done))
                // A disk that takes nothing and reports nothing would keep us here for ever.
                guard count > 0 else { throw SystemFailure.inputOutput }
                done += count
            } catch {
                if error == .interrupted { continue }
                throw failure(error, "pwrite", name, at: offset + UInt64(done))
            }
        }
    }

    /// Reads until `buffer` is full or the file ends.
    func read(
        _ file: OpenFile,
        _ name: String,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(JournalError) -> Int {
        var done = 0
        while done < buffer.count {
            do throws(SystemFailure) {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let count = try files.read(file, into: rest, at: offset + UInt64(done))
                if count == 0 { return done }
                done += count
            } catch {
                if error == .interrupted { continue }
                throw failure(error, "pread", name, at: offset + UInt64(done))
            }
        }
        return done
    }

    /// A whole small file; `nil` when it is missing.
    func contents(of name: String, limit: Int) throws(JournalError) -> [UInt8]? {
        guard let file = try openIfThere(name) else { return nil }
        defer { files.close(file) }
        let size = try size(file, name)
        guard size <= UInt64(limit) else {
            throw JournalError(
                .tooLarge(what: "a file", bytes: size, limit: UInt64(limit)),
                file: place(name)
            )
        }
        var buffer = ByteBuffer(capacity: Int(size))
        try read(file, name, into: &buffer, count: Int(size), at: 0)
        return buffer.array
    }

    /// Fills `buffer` with `count` bytes, fewer where the file ends.
    func read(
        _ file: OpenFile,
        _ name: String,
        into buffer: inout ByteBuffer,
        count: Int,
        at offset: UInt64
    ) throws(JournalError) {
        buffer.count = 0
        buffer.reserve(count)
        let space = UnsafeMutableRawBufferPointer(start: buffer.base, count: count)
        buffer.count = try read(file, name, into: space, at: offset)
    }

    func sync(_ file: OpenFile, _ name: String) throws(JournalError) {
        do throws(SystemFailure) {
            try calling { () throws(SystemFailure) in try files.sync(file) }
        } catch {
            throw failure(error, "fdatasync", name)
        }
    }

    func syncNames() throws(JournalError) {
        do throws(SystemFailure) {
            try calling { () throws(SystemFailure) in try files.syncDirectory(handle) }
        } catch {
            throw failure(error, "fsync", "")
        }
    }

    func rename(_ name: String, to newName: String) throws(JournalError) {
        do throws(SystemFailure) {
            try calling { () throws(SystemFailure) in
                try files.rename(name, to: newName, in: handle)
            }
        } catch {
            throw failure(error, "rename", newName)
        }
    }

    func removeIfThere(_ name: String) throws(JournalError) {
        do throws(SystemFailure) {
            try calling { () throws(SystemFailure) in try files.unlink(name, in: handle) }
        } catch {
            if error == .missing { return }
            throw failure(error, "unlink", name)
        }
    }

    /// A whole file under its name, or the one before, whatever happens in between.
    func replace(_ name: String, with bytes: [UInt8]) throws(JournalError) {
        let draft = name + RecordingDirectory.unfinished
        try removeIfThere(draft)
        let file = try open(draft, .create)
        defer { files.close(file) }
        var buffer = ByteBuffer(capacity: bytes.count)
        buffer.append(bytes)
        try write(file, draft, buffer.bytes, at: 0)
        try sync(file, draft)
        try rename(draft, to: name)
        try syncNames()
    }

    /// The call again for as long as a signal interrupts it.
    ///
    /// An interrupt says nothing of the file: it is the one answer of `fdatasync` after which it is called again.
    private func calling<Value>(
        _ body: () throws(SystemFailure) -> Value
    ) throws(SystemFailure) -> Value {
        while true {
            do throws(SystemFailure) {
                return try body()
            } catch {
                guard error == .interrupted else { throw error }
            }
        }
    }

    func place(_ name: String) -> String {
        name.isEmpty ? path : path + "/" + fileName(name)
    }

    func failure(
        _ error: SystemFailure,
        _ call: String,
        _ name: String,
        at offset: UInt64? = nil
    ) -> JournalError {
        JournalError(.system(call: call, code: error.code), file: place(name), offset: offset)
    }
}

extension SequenceNumber {
    /// Whether a record can have it: what a file says is checked before anyone counts on from it.
    var isPossible: Bool { value > 0 && value < UInt64(Int64.max) }
}
