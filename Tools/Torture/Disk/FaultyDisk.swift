import Glibc
import Journal
import Synchronization

/// A disk whose n-th call of one kind fails, once or from then on.
final class FaultyDisk: JournalFiles {
    enum Call: String, CaseIterable {
        case write, sync, names, open, rename, unlink, allocate, read
    }

    struct Fault: Sendable {
        var call: Call
        /// From 1.
        var number: Int
        var code: Int32
        /// From the n-th call on, not only at it.
        var isForGood: Bool
        /// Half of the bytes are written or read; `code` 0 then says so, another code keeps quiet about them.
        var isHalf = false
    }

    private let disk: MemoryDisk
    private let fault: Fault
    private struct State {
        var counts: [Call: Int] = [:]
        var hits = 0
    }
    private let state = Mutex(State())

    init(_ disk: MemoryDisk, _ fault: Fault) {
        self.disk = disk
        self.fault = fault
    }

    /// How often it failed.
    var hits: Int { state.withLock { $0.hits } }

    private func isHit(_ call: Call) -> Bool {
        state.withLock { state in
            state.counts[call, default: 0] += 1
            let number = state.counts[call, default: 0]
            let isHit =
                call == fault.call
                && (number == fault.number || (fault.isForGood && number > fault.number))
            if isHit { state.hits += 1 }
            return isHit
        }
    }

    private func check(_ call: Call) throws(SystemFailure) {
        if isHit(call) { throw SystemFailure(fault.code) }
    }

    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        if mode != .read { try check(.open) }
        return try disk.open(name, in: directory, mode)
    }

    func read(
        _ file: OpenFile,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        guard isHit(.read) else { return try disk.read(file, into: buffer, at: offset) }
        guard fault.isHalf else { throw SystemFailure(fault.code) }
        let half = UnsafeMutableRawBufferPointer(rebasing: buffer[..<((buffer.count + 1) / 2)])
        return try disk.read(file, into: half, at: offset)
    }

    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        guard isHit(.write) else { return try disk.write(file, bytes, at: offset) }
        guard fault.isHalf else { throw SystemFailure(fault.code) }
        let half = UnsafeRawBufferPointer(rebasing: bytes[..<((bytes.count + 1) / 2)])
        let count = try disk.write(file, half, at: offset)
        if fault.code != 0 { throw SystemFailure(fault.code) }
        return count
    }

    func sync(_ file: OpenFile) throws(SystemFailure) {
        if isHit(.sync) {
            // As Linux has it: the pages are clean now, and what was in them is not on the disk.
            if fault.code != EINTR { disk.noteFailedSync(file) }
            throw SystemFailure(fault.code)
        }
        try disk.sync(file)
    }

    func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        try check(.names)
        try disk.syncDirectory(directory)
    }

    func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemFailure) {
        try check(.rename)
        try disk.rename(name, to: newName, in: directory)
    }

    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        try check(.unlink)
        try disk.unlink(name, in: directory)
    }

    func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        try check(.allocate)
        try disk.allocate(file, bytes: bytes)
    }

    func makeDirectory(_ path: String) {}
    func openDirectory(_ path: String) throws(SystemFailure) -> OpenFile {
        try disk.openDirectory(path)
    }
    func close(_ file: OpenFile) { disk.close(file) }
    func size(of file: OpenFile) throws(SystemFailure) -> UInt64 { try disk.size(of: file) }
    func list(_ directory: OpenFile) -> [String] { disk.list(directory) }
    func lock(_ file: OpenFile) throws(SystemFailure) -> Bool { try disk.lock(file) }
    func now() -> Int64 { disk.now() }
}
