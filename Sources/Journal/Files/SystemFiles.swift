import Glibc

/// The disk itself.
public struct SystemFiles: JournalFiles {
    public init() {}

    public func makeDirectory(_ path: String) throws(SystemFailure) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw SystemFailure(errno)
        }
        try makeDirectory(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemFailure(errno) }
    }

    public func openDirectory(_ path: String) throws(SystemFailure) -> OpenFile {
        try opened(openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    }

    public func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        let common = O_CLOEXEC | O_NOFOLLOW
        let flags =
            switch mode {
            case .read: O_RDONLY | common
            case .readWrite: O_RDWR | O_CREAT | common
            case .create: O_RDWR | O_CREAT | O_EXCL | common
            }
        return try opened(openat(directory.number, name, flags, 0o600))
    }

    public func close(_ file: OpenFile) {
        _ = Glibc.close(file.number)
    }

    public func read(
        _ file: OpenFile,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let count = pread(file.number, buffer.baseAddress, buffer.count, try signed(offset))
        guard count >= 0 else { throw SystemFailure(errno) }
        return count
    }

    public func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let count = pwrite(file.number, bytes.baseAddress, bytes.count, try signed(offset))
        guard count >= 0 else { throw SystemFailure(errno) }
        return count
    }

    public func size(of file: OpenFile) throws(SystemFailure) -> UInt64 {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw SystemFailure(errno) }
        return UInt64(max(0, status.st_size))
    }

    public func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        let code = posix_fallocate(file.number, 0, try signed(bytes))
        guard code == 0 else { throw SystemFailure(code) }
    }

    public func sync(_ file: OpenFile) throws(SystemFailure) {
        guard fdatasync(file.number) == 0 else { throw SystemFailure(errno) }
    }

    public func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        guard fsync(directory.number) == 0 else { throw SystemFailure(errno) }
    }

    public func rename(
        _ name: String,
        to newName: String,
        in directory: OpenFile
    ) throws(SystemFailure) {
        guard renameat(directory.number, name, directory.number, newName) == 0 else {
            throw SystemFailure(errno)
        }
    }

    public func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        guard unlinkat(directory.number, name, 0) == 0 else { throw SystemFailure(errno) }
    }

    public func removeDirectory(_ path: String) throws(SystemFailure) {
        guard rmdir(path) == 0 else { throw SystemFailure(errno) }
    }

    public func look(at name: String, in directory: OpenFile) throws(SystemFailure) -> FileKind {
        var status = stat()
        guard fstatat(directory.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw SystemFailure(errno)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file(bytes: UInt64(max(0, status.st_size)))
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    public func list(_ directory: OpenFile) throws(SystemFailure) -> [String] {
        // A descriptor of its own: closedir closes it, and the place in the directory is its own too.
        let descriptor = openat(directory.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemFailure(errno) }
        guard let stream = fdopendir(descriptor) else {
            let code = errno
            _ = Glibc.close(descriptor)
            throw SystemFailure(code)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    public func lock(_ file: OpenFile) throws(SystemFailure) -> Bool {
        if flock(file.number, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK || errno == EINTR else { throw SystemFailure(errno) }
        return false
    }

    public func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    private func opened(_ descriptor: Int32) throws(SystemFailure) -> OpenFile {
        guard descriptor >= 0 else { throw SystemFailure(errno) }
        return OpenFile(descriptor)
    }

    private func signed(_ offset: UInt64) throws(SystemFailure) -> off_t {
        guard let offset = off_t(exactly: offset) else { throw SystemFailure(EFBIG) }
        return offset
    }
}

extension SystemFailure {
    public static let noSpace = SystemFailure(ENOSPC)
    public static let inputOutput = SystemFailure(EIO)
    public static let interrupted = SystemFailure(EINTR)
    public static let missing = SystemFailure(ENOENT)
    public static let notSupported = SystemFailure(ENOTSUP)
    public static let exists = SystemFailure(EEXIST)

    /// Whether the disk, a quota or a limit of file size has no more room, so that waiting may help.
    public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

    /// The system's own words for the code.
    public var words: String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
