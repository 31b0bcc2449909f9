import Journal
import Synchronization

/// Says *durable* and has not asked the disk.
final class SkipsSync: Passage, @unchecked Sendable {
    override func sync(_ file: OpenFile) {}
}

/// New names are never made durable.
final class SkipsDirectorySync: Passage, @unchecked Sendable {
    override func syncDirectory(_ directory: OpenFile) {}
}

/// A recording of a row whose own name is never made durable.
final class ForgetsRow: Passage, @unchecked Sendable {
    private let rows = Mutex<Set<OpenFile>>([])

    override func openDirectory(_ path: String) throws(SystemFailure) -> OpenFile {
        let directory = try disk.openDirectory(path)
        if path == MemoryDisk.path { rows.withLock { _ = $0.insert(directory) } }
        return directory
    }

    override func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        guard rows.withLock({ !$0.contains(directory) }) else { return }
        try disk.syncDirectory(directory)
    }
}

/// Calls `fdatasync` again after it failed, and believes the second answer.
final class RetriesSync: Passage, @unchecked Sendable {
    override func sync(_ file: OpenFile) throws(SystemFailure) {
        do throws(SystemFailure) {
            try disk.sync(file)
        } catch {
            try disk.sync(file)
        }
    }
}

/// Takes half a write for a whole one.
final class IgnoresShortWrite: Passage, @unchecked Sendable {
    override func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        _ = try disk.write(file, bytes, at: offset)
        return bytes.count
    }
}

/// Says *written* while the bytes are still on their way: they leave with the third write after, or a sync.
final class AcknowledgesEarly: Passage, @unchecked Sendable {
    private struct Late: Sendable {
        var file: OpenFile
        var bytes: [UInt8]
        var offset: UInt64
    }
    private let late = Mutex<[Late]>([])

    override func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let all = late.withLock { late in
            late.append(Late(file: file, bytes: Array(bytes), offset: offset))
            return late.count > 3
        }
        if all { try leave() }
        return bytes.count
    }

    private func leave() throws(SystemFailure) {
        let all = late.withLock { late in
            defer { late = [] }
            return late
        }
        for write in all {
            var result: Result<Int, SystemFailure> = .success(0)
            write.bytes.withUnsafeBytes { bytes in
                do throws(SystemFailure) {
                    result = .success(try disk.write(write.file, bytes, at: write.offset))
                } catch {
                    result = .failure(error)
                }
            }
            _ = try result.get()
        }
    }

    override func sync(_ file: OpenFile) throws(SystemFailure) {
        try leave()
        try disk.sync(file)
    }

    override func close(_ file: OpenFile) {
        try? leave()
        disk.close(file)
    }
}

/// Files by name, for those that treat them differently.
class Naming: Passage, @unchecked Sendable {
    private let names = Mutex<[OpenFile: String]>([:])

    func name(_ file: OpenFile) -> String { names.withLock { $0[file] ?? "" } }

    override func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        let file = try disk.open(name, in: directory, mode)
        names.withLock { $0[file] = name }
        return file
    }
}

/// HEAD is written and synced first, what it speaks of after it.
final class LetsHeadLead: Naming, @unchecked Sendable {
    private let due = Mutex<[OpenFile]>([])

    override func sync(_ file: OpenFile) throws(SystemFailure) {
        guard name(file) != "HEAD" else { return }
        due.withLock { $0.append(file) }
    }

    override func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let count = try disk.write(file, bytes, at: offset)
        guard name(file) == "HEAD" else { return count }
        try disk.sync(file)
        let files = due.withLock { due in
            defer { due = [] }
            return due
        }
        for file in files { try disk.sync(file) }
        return count
    }

    override func rename(
        _ name: String,
        to newName: String,
        in directory: OpenFile
    ) throws(SystemFailure) {
        // Only HEAD leads; a new file is whole before it gets its name.
        let files = due.withLock { due in
            defer { due = [] }
            return due
        }
        for file in files { try disk.sync(file) }
        try disk.rename(name, to: newName, in: directory)
    }
}

/// Takes a segment for durable one sync too early, and so a tail for free.
final class ReusesTailEarly: Naming, @unchecked Sendable {
    private let due = Mutex<Set<OpenFile>>([])

    override func sync(_ file: OpenFile) throws(SystemFailure) {
        let isSegment = name(file).hasSuffix(".mcap") || name(file).hasPrefix("segment")
        // The first sync gives it its name; of the later ones each is a turn late.
        guard isSegment, due.withLock({ !$0.insert(file).inserted }) else {
            return try disk.sync(file)
        }
        due.withLock { $0 = $0.filter { $0 != file } }
    }
}
