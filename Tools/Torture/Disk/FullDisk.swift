import DiskKit
import Journal
import Synchronization

/// A disk that becomes full: from the n-th call that needs room on there is none, unless some is freed.
///
/// Blocks that were allocated, or written once, stay writable. A write that finds room for a part is short, as on
/// a real disk.
final class FullDisk: PassingFiles {
    /// What a full disk refuses.
    enum Way: CaseIterable {
        /// Blocks.
        case blocks
        /// Blocks, and new names: directories and inodes take room too.
        case names
        /// Blocks, but only when they are synced: writes seem to find room until then.
        case late
    }

    private struct State {
        /// Calls that needed room so far.
        var calls = 0
        var isFreed = false
        var refusals = 0
        /// By file: bytes that have blocks.
        var sizes: [OpenFile: UInt64] = [:]
        /// Files whose last writes have no blocks.
        var late: Set<OpenFile> = []
    }

    let disk: any JournalFiles
    private let number: Int
    private let way: Way
    /// Of a sync that found no blocks: what was written since the last is not on the disk.
    private let onLostPages: @Sendable (OpenFile) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - number: the call that finds no room, from 1.
    ///   - onLostPages: told of each sync that found no blocks.
    init(
        _ disk: any JournalFiles,
        fillsAt number: Int,
        _ way: Way,
        onLostPages: @escaping @Sendable (OpenFile) -> Void = { _ in }
    ) {
        self.disk = disk
        self.number = number
        self.way = way
        self.onLostPages = onLostPages
    }

    /// Room again.
    func free() { state.withLock { $0.isFreed = true } }
    /// None again.
    func fill() { state.withLock { $0.isFreed = false } }

    /// Calls that found no room.
    var refusals: Int { state.withLock { $0.refusals } }

    /// Whether a call that needs room finds it.
    private static func grant(_ state: inout State, _ number: Int) -> Bool {
        state.calls += 1
        guard state.calls >= number, !state.isFreed else { return true }
        state.refusals += 1
        return false
    }

    // MARK: Calls that need room

    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        let mayFail = mode == .create && way == .names
        if mayFail, !state.withLock({ FullDisk.grant(&$0, number) }) { throw .noSpace }
        let file = try disk.open(name, in: directory, mode)
        // The lock is a file like others, but nothing is kept in it.
        let size = name == "lock" ? UInt64.max : try disk.size(of: file)
        state.withLock { $0.sizes[file] = size }
        return file
    }

    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let end = offset + UInt64(bytes.count)
        let granted = state.withLock { state -> Int in
            let size = state.sizes[file, default: 0]
            guard end > size else { return bytes.count }
            if FullDisk.grant(&state, number) {
                state.sizes[file] = end
                return bytes.count
            }
            if way == .late {
                state.late.insert(file)
                return bytes.count
            }
            // The first to find none may find some.
            guard state.calls == number, offset <= size else { return 0 }
            let part = (end - size) / 2
            state.sizes[file] = size + part
            return Int(size + part - offset)
        }
        guard granted > 0 else { throw .noSpace }
        return try disk.write(file, UnsafeRawBufferPointer(rebasing: bytes[..<granted]), at: offset)
    }

    func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        let isGranted = state.withLock { state -> Bool in
            guard bytes > state.sizes[file, default: 0] else { return true }
            guard FullDisk.grant(&state, number) else { return false }
            state.sizes[file] = bytes
            return true
        }
        guard isGranted else { throw .noSpace }
        try disk.allocate(file, bytes: bytes)
    }

    func sync(_ file: OpenFile) throws(SystemFailure) {
        if state.withLock({ $0.late.remove(file) != nil && !$0.isFreed }) {
            onLostPages(file)
            throw .noSpace
        }
        try disk.sync(file)
    }

    func close(_ file: OpenFile) {
        state.withLock { state in
            state.sizes[file] = nil
            state.late.remove(file)
        }
        disk.close(file)
    }
}
