import Glibc
public import Journal
import Synchronization

/// A disk of so many bytes: what was allocated stays writable, everything else needs room that is left.
///
/// A write that finds room for a part is short, as on a real one. The lock has no size.
public final class SmallDisk: PassingFiles {
    private struct State {
        var room: Int
        var names: [Int32: String] = [:]
        /// By name: bytes that it takes.
        var sizes: [String: Int] = [:]
        var refusals = 0
        var isHeld = false
    }

    public let disk: any JournalFiles = SystemFiles()
    private let state: Mutex<State>

    public init(room: Int) { state = Mutex(State(room: room)) }

    /// Space is freed, or taken by someone else.
    public func add(_ bytes: Int) { state.withLock { $0.room += bytes } }
    /// What is left is taken by someone else.
    public func fill() { state.withLock { $0.room = 0 } }
    /// From now on writes wait for ``letGo()``.
    public func hold() { state.withLock { $0.isHeld = true } }
    public func letGo() { state.withLock { $0.isHeld = false } }
    /// Calls that found no room.
    public var refusals: Int { state.withLock { $0.refusals } }

    private func name(_ file: OpenFile) -> String {
        state.withLock { $0.names[file.number] ?? "" }
    }

    /// How many of the bytes from `offset` on the file may have.
    private func grant(_ file: OpenFile, to end: Int, from offset: Int) -> Int {
        state.withLock { state in
            let name = state.names[file.number] ?? ""
            let have = state.sizes[name, default: 0]
            let more = min(max(0, end - have), state.room)
            state.room -= more
            if more > 0 { state.sizes[name] = have + more }
            let granted = max(0, min(end, have + more) - offset)
            if granted < end - offset { state.refusals += 1 }
            return granted
        }
    }

    public func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        let file = try disk.open(name, in: directory, mode)
        state.withLock { $0.names[file.number] = name }
        return file
    }

    public func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        if name(file) == "lock" { return try disk.write(file, bytes, at: offset) }
        while state.withLock({ $0.isHeld }) { usleep(100) }
        let count = grant(file, to: Int(offset) + bytes.count, from: Int(offset))
        guard count > 0 else { throw SystemFailure.noSpace }
        return try disk.write(file, UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset)
    }

    public func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        guard grant(file, to: Int(bytes), from: 0) == Int(bytes) else {
            throw SystemFailure.noSpace
        }
        try disk.allocate(file, bytes: bytes)
    }

    public func rename(
        _ name: String,
        to newName: String,
        in directory: OpenFile
    ) throws(SystemFailure) {
        try disk.rename(name, to: newName, in: directory)
        state.withLock { state in
            state.room += state.sizes[newName] ?? 0
            state.sizes[newName] = state.sizes.removeValue(forKey: name)
            for (number, known) in state.names where known == name { state.names[number] = newName }
        }
    }

    public func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        try disk.unlink(name, in: directory)
        state.withLock { $0.room += $0.sizes.removeValue(forKey: name) ?? 0 }
    }
}
