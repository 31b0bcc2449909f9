import Journal
import Synchronization

/// The disk, with a count of the bytes that were read from it.
final class CountingFiles: JournalFiles {
    private let disk = SystemFiles()
    private let count = Atomic<UInt64>(0)

    var bytesRead: UInt64 { count.load(ordering: .relaxed) }

    func read(
        _ file: OpenFile,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let bytes = try disk.read(file, into: buffer, at: offset)
        count.add(UInt64(bytes), ordering: .relaxed)
        return bytes
    }

    func makeDirectory(_ path: String) throws(SystemFailure) { try disk.makeDirectory(path) }

    func openDirectory(_ path: String) throws(SystemFailure) -> OpenFile {
        try disk.openDirectory(path)
    }

    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        try disk.open(name, in: directory, mode)
    }

    func close(_ file: OpenFile) { disk.close(file) }

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

    func rename(
        _ name: String,
        to newName: String,
        in directory: OpenFile
    ) throws(SystemFailure) { try disk.rename(name, to: newName, in: directory) }

    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        try disk.unlink(name, in: directory)
    }

    func list(_ directory: OpenFile) throws(SystemFailure) -> [String] {
        try disk.list(directory)
    }

    func lock(_ file: OpenFile) throws(SystemFailure) -> Bool { try disk.lock(file) }

    func now() -> Int64 { disk.now() }
}
