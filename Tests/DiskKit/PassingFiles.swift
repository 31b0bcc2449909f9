public import Journal

/// Files that pass on to the disk whatever their kind does not change.
public protocol PassingFiles: JournalFiles {
    var disk: any JournalFiles { get }
}

extension PassingFiles {
    public func makeDirectory(_ path: String) throws(SystemFailure) {
        try disk.makeDirectory(path)
    }

    public func removeDirectory(_ path: String) throws(SystemFailure) {
        try disk.removeDirectory(path)
    }

    public func openDirectory(_ path: String) throws(SystemFailure) -> OpenFile {
        try disk.openDirectory(path)
    }

    public func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        try disk.open(name, in: directory, mode)
    }

    public func close(_ file: OpenFile) { disk.close(file) }

    public func read(
        _ file: OpenFile,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        try disk.read(file, into: buffer, at: offset)
    }

    public func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        try disk.write(file, bytes, at: offset)
    }

    public func size(of file: OpenFile) throws(SystemFailure) -> UInt64 { try disk.size(of: file) }

    public func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        try disk.allocate(file, bytes: bytes)
    }

    public func sync(_ file: OpenFile) throws(SystemFailure) { try disk.sync(file) }

    public func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        try disk.syncDirectory(directory)
    }

    public func rename(
        _ name: String,
        to newName: String,
        in directory: OpenFile
    ) throws(SystemFailure) {
        try disk.rename(name, to: newName, in: directory)
    }

    public func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        try disk.unlink(name, in: directory)
    }

    public func look(at name: String, in directory: OpenFile) throws(SystemFailure) -> FileKind {
        try disk.look(at: name, in: directory)
    }

    public func list(_ directory: OpenFile) throws(SystemFailure) -> [String] {
        try disk.list(directory)
    }
    public func lock(_ file: OpenFile) throws(SystemFailure) -> Bool { try disk.lock(file) }
    public func now() -> Int64 { disk.now() }
}
