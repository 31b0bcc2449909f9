/// The disk, as the journal sees it: every call that a test may want to fail, tear or forget.
///
/// All names are relative to a directory that was opened before, so a name cannot leave it. The calls are
/// raw: a short write or an `EINTR` is seen by the journal, which deals with both in one place.
/// Implementations must allow calls from several threads on different descriptors.
public protocol JournalFiles: Sendable {
    /// A directory with mode 0700, and those above it that are missing.
    func makeDirectory(_ path: String) throws(SystemFailure)
    func openDirectory(_ path: String) throws(SystemFailure) -> OpenFile
    /// A regular file; symbolic links are refused, new files have mode 0600.
    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile
    func close(_ file: OpenFile)
    /// Bytes read, 0 at the end.
    func read(
        _ file: OpenFile,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int
    /// Bytes written, which may be fewer than given.
    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int
    func size(of file: OpenFile) throws(SystemFailure) -> UInt64
    /// Blocks for `bytes` from the start of the file, which then reads as zeros.
    func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure)
    /// `fdatasync`.
    func sync(_ file: OpenFile) throws(SystemFailure)
    /// `fsync` of a directory: renames and new names become durable.
    func syncDirectory(_ directory: OpenFile) throws(SystemFailure)
    func rename(
        _ name: String,
        to newName: String,
        in directory: OpenFile
    ) throws(SystemFailure)
    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure)
    /// An empty directory, by its path.
    func removeDirectory(_ path: String) throws(SystemFailure)
    func list(_ directory: OpenFile) throws(SystemFailure) -> [String]
    /// What a name stands for, without opening it; a link is not followed.
    func look(at name: String, in directory: OpenFile) throws(SystemFailure) -> FileKind
    /// An exclusive lock that ends with the process; false where another holds it.
    func lock(_ file: OpenFile) throws(SystemFailure) -> Bool
    /// Monotonic nanoseconds, for ages and intervals.
    func now() -> Int64
}

extension JournalFiles {
    /// Where there is one directory only, none of another path can be removed.
    public func removeDirectory(_ path: String) throws(SystemFailure) {
        throw SystemFailure.notSupported
    }

    /// Only what others put beside a recording's own files is looked at, and there is none.
    public func look(at name: String, in directory: OpenFile) throws(SystemFailure) -> FileKind {
        throw SystemFailure.notSupported
    }
}

/// What stands in a directory under a name.
public enum FileKind: Hashable, Sendable {
    case file(bytes: UInt64)
    case folder
    /// A link, a socket, a device.
    case other
}

/// An open file or directory of a ``JournalFiles``.
public struct OpenFile: Hashable, Sendable {
    public var number: Int32

    public init(_ number: Int32) { self.number = number }
}

public enum OpenMode: Hashable, Sendable {
    case read
    /// Reading and writing; made when missing.
    case readWrite
    /// Reading and writing; must not exist yet.
    case create
}

/// The `errno` of a call that failed.
public struct SystemFailure: Error, Hashable, Sendable {
    public var code: Int32

    public init(_ code: Int32) { self.code = code }
}
