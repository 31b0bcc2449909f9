import DiskKit
import Glibc
import Journal
import Synchronization

/// The disk with one thing wrong; everything else goes through.
final class FaultyFiles: PassingFiles {
    /// What a call does instead of its work.
    enum Fault: Sendable {
        case fail(SystemFailure)
        /// Writes this many bytes at most.
        case short(Int)
        /// Waits until ``FaultyFiles/open()``.
        case stall
    }

    /// Asked at each call: its name, the file's name, and how many such calls came before.
    private let rule: @Sendable (_ call: String, _ file: String, _ count: Int) -> Fault?
    let disk: any JournalFiles = SystemFiles()

    private struct State {
        var names: [Int32: String] = [:]
        var counts: [String: Int] = [:]
        var isOpen = false
        var failed: Set<Int32> = []
        var retried: [String] = []
    }
    private let state = Mutex(State())

    init(_ rule: @escaping @Sendable (_ call: String, _ file: String, _ count: Int) -> Fault?) {
        self.rule = rule
    }

    /// Lets stalled calls go on, now and later.
    func open() { state.withLock { $0.isOpen = true } }

    /// Names of files that were synced again after a sync of them had failed.
    var retried: [String] { state.withLock { $0.retried } }

    private func fault(_ call: String, _ file: String) throws(SystemFailure) -> Int? {
        let count = state.withLock { state in
            defer { state.counts[call + " " + file, default: 0] += 1 }
            return state.counts[call + " " + file, default: 0]
        }
        switch rule(call, file, count) {
        case .fail(let failure): throw failure
        case .short(let bytes): return bytes
        case .stall:
            while !state.withLock({ $0.isOpen }) { usleep(200) }
            return nil
        case nil: return nil
        }
    }

    private func name(_ file: OpenFile) -> String {
        state.withLock { $0.names[file.number] ?? "" }
    }

    func openDirectory(_ path: String) throws(SystemFailure) -> OpenFile {
        let file = try disk.openDirectory(path)
        state.withLock { $0.names[file.number] = "." }
        return file
    }

    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        _ = try fault("open", name)
        let file = try disk.open(name, in: directory, mode)
        state.withLock { $0.names[file.number] = name }
        return file
    }

    func close(_ file: OpenFile) {
        _ = state.withLock { $0.failed.remove(file.number) }
        disk.close(file)
    }

    func read(
        _ file: OpenFile,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let most = try fault("read", name(file)) ?? buffer.count
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(most, buffer.count)])
        return try disk.read(file, into: part, at: offset)
    }

    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let most = try fault("write", name(file)) ?? bytes.count
        let part = UnsafeRawBufferPointer(rebasing: bytes[..<min(most, bytes.count)])
        return try disk.write(file, part, at: offset)
    }

    func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        _ = try fault("allocate", name(file))
        try disk.allocate(file, bytes: bytes)
    }

    func sync(_ file: OpenFile) throws(SystemFailure) {
        let name = name(file)
        state.withLock { if $0.failed.contains(file.number) { $0.retried.append(name) } }
        do throws(SystemFailure) {
            _ = try fault("sync", name)
        } catch {
            _ = state.withLock { $0.failed.insert(file.number) }
            throw error
        }
        try disk.sync(file)
    }

    func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        _ = try fault("sync", ".")
        try disk.syncDirectory(directory)
    }

    func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemFailure) {
        _ = try fault("rename", newName)
        try disk.rename(name, to: newName, in: directory)
        state.withLock { state in
            for (number, known) in state.names where known == name { state.names[number] = newName }
        }
    }

    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        _ = try fault("unlink", name)
        try disk.unlink(name, in: directory)
    }

    func list(_ directory: OpenFile) throws(SystemFailure) -> [String] {
        _ = try fault("list", ".")
        return try disk.list(directory)
    }

    func now() -> Int64 {
        _ = try? fault("now", "")
        return disk.now()
    }
}
