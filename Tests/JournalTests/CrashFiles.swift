import DiskKit
import Glibc
import Journal
import Synchronization

/// A disk that can be looked at between any two of its calls, and knows what a power cut would leave.
///
/// Calls come one at a time, so that each state shown is one that a crash can leave.
final class CrashFiles: PassingFiles {
    /// What a call is to the table of crash points.
    enum Event: String, CaseIterable {
        case tailWrite, tailReuse, tailSync, chunkWrite, segmentSync, headWrite, headSync
        case roll, rename, reserveWrite, reserveSync
    }

    private struct State {
        var nextID = 1
        var ids: [Int32: Int] = [:]
        var names: [String: Int] = [:]
        /// What the directory holds after a power cut.
        var durableNames: [String: Int] = [:]
        /// What a file holds then.
        var synced: [Int: [UInt8]] = [:]
        var usedTails: Set<String> = []
        var reserveIsUsed = false
        var path = ""
    }

    let disk: any JournalFiles
    private let state = Mutex(State())
    /// One call at a time.
    private let turn = Mutex(())
    /// Asked before each call that changes the disk.
    private let before: @Sendable (CrashFiles, Event?) -> Void

    init(
        _ disk: any JournalFiles = SystemFiles(),
        before: @escaping @Sendable (CrashFiles, Event?) -> Void
    ) {
        self.disk = disk
        self.before = before
    }

    /// Files as a power cut now would leave them, everything that was not synced gone.
    func afterPowerCut() -> [String: [UInt8]] {
        state.withLock { state in
            state.durableNames.mapValues { state.synced[$0] ?? [] }
        }
    }

    private func change<Value>(
        _ event: Event?,
        _ body: () throws(SystemFailure) -> Value
    ) throws(SystemFailure) -> Value {
        let result: Result<Value, SystemFailure> = turn.withLock { _ in
            before(self, event)
            do throws(SystemFailure) { return .success(try body()) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func name(_ file: OpenFile) -> String {
        state.withLock { state in
            let id = state.ids[file.number]
            return state.names.first { $0.value == id }?.key ?? ""
        }
    }

    private func event(
        writing name: String,
        _ bytes: UnsafeRawBufferPointer,
        _ offset: UInt64
    ) -> Event? {
        switch name {
        case "HEAD": return .headWrite
        case "reserve":
            // Twenty-four zeros at the front empty it.
            return bytes.count > 24 ? .reserveWrite : nil
        case "tail-a", "tail-b":
            let isFirst = state.withLock { $0.usedTails.insert(name).inserted }
            return offset == 0 && !isFirst ? .tailReuse : .tailWrite
        default:
            guard name.hasSuffix(".mcap") || name == "segment.unfinished" else { return nil }
            switch bytes.first {
            case 0x06: return .chunkWrite
            case 0x09, 0x0f, 0x04: return .roll
            default: return nil
            }
        }
    }

    private func event(syncing name: String) -> Event? {
        switch name {
        case "HEAD": .headSync
        case "reserve": .reserveSync
        case "tail-a", "tail-b": .tailSync
        default: name.hasSuffix(".mcap") || name == "segment.unfinished" ? .segmentSync : nil
        }
    }

    func makeDirectory(_ path: String) throws(SystemFailure) {
        state.withLock { $0.path = path }
        try disk.makeDirectory(path)
    }

    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        let file = try disk.open(name, in: directory, mode)
        state.withLock { state in
            if state.names[name] == nil || mode == .create {
                state.names[name] = state.nextID
                state.nextID += 1
            }
            state.ids[file.number] = state.names[name]
        }
        return file
    }

    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let event = event(writing: name(file), bytes, offset)
        return try change(event) { () throws(SystemFailure) in
            try disk.write(file, bytes, at: offset)
        }
    }

    func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        try change(nil) { () throws(SystemFailure) in try disk.allocate(file, bytes: bytes) }
    }

    func sync(_ file: OpenFile) throws(SystemFailure) {
        let name = name(file)
        try change(event(syncing: name)) { () throws(SystemFailure) in
            try disk.sync(file)
            let size = Int(try disk.size(of: file))
            var bytes = [UInt8](repeating: 0, count: size)
            var failure: SystemFailure?
            let count = bytes.withUnsafeMutableBytes { buffer -> Int in
                do throws(SystemFailure) { return try disk.read(file, into: buffer, at: 0) } catch {
                    failure = error
                    return 0
                }
            }
            if let failure { throw failure }
            let whole = Array(bytes.prefix(count))
            state.withLock { state in
                if let id = state.ids[file.number] { state.synced[id] = whole }
            }
        }
    }

    func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        try change(nil) { () throws(SystemFailure) in
            try disk.syncDirectory(directory)
            state.withLock { $0.durableNames = $0.names }
        }
    }

    func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemFailure) {
        try change(newName.hasSuffix(".mcap") ? .rename : nil) { () throws(SystemFailure) in
            try disk.rename(name, to: newName, in: directory)
            state.withLock { state in
                state.names[newName] = state.names.removeValue(forKey: name)
            }
        }
    }

    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        try change(nil) { () throws(SystemFailure) in
            try disk.unlink(name, in: directory)
            state.withLock { _ = $0.names.removeValue(forKey: name) }
        }
    }
}
