import Journal

/// A ``JournalFiles`` that hands everything on; what is broken overrides a call.
class Passage: JournalFiles, @unchecked Sendable {
    let disk: any JournalFiles

    init(_ disk: any JournalFiles) { self.disk = disk }

    func makeDirectory(_ path: String) throws(SystemFailure) { try disk.makeDirectory(path) }

    func removeDirectory(_ path: String) throws(SystemFailure) { try disk.removeDirectory(path) }

    func openDirectory(_ path: String) throws(SystemFailure) -> OpenFile {
        try disk.openDirectory(path)
    }

    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile { try disk.open(name, in: directory, mode) }

    func close(_ file: OpenFile) { disk.close(file) }

    func read(
        _ file: OpenFile,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int { try disk.read(file, into: buffer, at: offset) }

    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int { try disk.write(file, bytes, at: offset) }

    func size(of file: OpenFile) throws(SystemFailure) -> UInt64 { try disk.size(of: file) }

    func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        try disk.allocate(file, bytes: bytes)
    }

    func sync(_ file: OpenFile) throws(SystemFailure) { try disk.sync(file) }

    func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        try disk.syncDirectory(directory)
    }

    func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemFailure) {
        try disk.rename(name, to: newName, in: directory)
    }

    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        try disk.unlink(name, in: directory)
    }

    func list(_ directory: OpenFile) throws(SystemFailure) -> [String] { try disk.list(directory) }
    func lock(_ file: OpenFile) throws(SystemFailure) -> Bool { try disk.lock(file) }
    func now() -> Int64 { disk.now() }
}
