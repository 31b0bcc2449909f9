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
        case newTail, tailWrite, tailReuse, tailSync
        case chunkWrite, segmentSync, headWrite, headSync
        /// The end of a segment, in the order of its writes; the last one of a recording has the seal in it.
        case index, seal, dataEnd, footer, sealedFooter
        case manifest
        /// A segment that has no name yet; then its name, which may have been another file's.
        case building, rename, replacement
        case reserveWrite, reserveSync, reserveBegun
    }

    /// What of the disk a power cut would leave.
    ///
    /// It outlives the process: a kill syncs nothing.
    struct Durability: Sendable {
        fileprivate var nextID = 1
        fileprivate var names: [String: Int] = [:]
        /// What the directory holds after a power cut.
        fileprivate var durableNames: [String: Int] = [:]
        /// What a file holds then.
        fileprivate var synced: [Int: [UInt8]] = [:]

        init() {}
    }

    private struct State {
        var durability: Durability
        /// By descriptor.
        var ids: [Int32: Int] = [:]
        var usedTails: Set<String> = []
        /// The segment whose end is being written is the last.
        var isSealing = false
    }

    let disk: any JournalFiles
    private let state: Mutex<State>
    /// One call at a time.
    private let turn = Mutex(())
    /// Asked before each call that changes the disk.
    private let before: @Sendable (CrashFiles, [Event]) -> Void

    /// - Parameter killed: what was durable of the directory's files when their process was killed.
    init(
        _ disk: any JournalFiles = SystemFiles(),
        behind killed: Durability = Durability(),
        before: @escaping @Sendable (CrashFiles, [Event]) -> Void
    ) {
        self.disk = disk
        self.before = before
        state = Mutex(State(durability: killed))
    }

    var durability: Durability { state.withLock { $0.durability } }

    /// Files as a power cut now would leave them, everything that was not synced gone.
    func afterPowerCut() -> [String: [UInt8]] {
        let durability = durability
        return durability.durableNames.mapValues { durability.synced[$0] ?? [] }
    }

    private func change<Value>(
        _ events: [Event],
        _ body: () throws(SystemFailure) -> Value
    ) throws(SystemFailure) -> Value {
        let result: Result<Value, SystemFailure> = turn.withLock { _ in
            before(self, events)
            do throws(SystemFailure) { return .success(try body()) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func name(_ file: OpenFile) -> String {
        state.withLock { state in
            let id = state.ids[file.number]
            return state.durability.names.first { $0.value == id }?.key ?? ""
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
            return bytes.count > 24 ? .reserveWrite : .reserveBegun
        case "tail-a", "tail-b":
            let isFirst = state.withLock { $0.usedTails.insert(name).inserted }
            return offset == 0 && !isFirst ? .tailReuse : .tailWrite
        case "segment.unfinished": return .building
        default: return name.hasSuffix(".mcap") ? event(ending: bytes) : nil
        }
    }

    /// What is written to a segment behind its head, by the opcode that it begins with.
    private func event(ending bytes: UnsafeRawBufferPointer) -> Event? {
        switch bytes.first {
        case 0x06: return .chunkWrite
        case 0x09:
            let isSeal = String(decoding: bytes, as: UTF8.self).contains("tapedeck.seal")
            state.withLock { $0.isSealing = isSeal }
            return isSeal ? .seal : .index
        case 0x0f: return .dataEnd
        case 0x04, 0x0b: return state.withLock { $0.isSealing } ? .sealedFooter : .footer
        default: return nil
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

    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        let file = try disk.open(name, in: directory, mode)
        state.withLock { state in
            if state.durability.names[name] == nil || mode == .create {
                state.durability.names[name] = state.durability.nextID
                state.durability.nextID += 1
            }
            state.ids[file.number] = state.durability.names[name]
        }
        return file
    }

    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let event = event(writing: name(file), bytes, offset)
        return try change(event.map { [$0] } ?? []) { () throws(SystemFailure) in
            try disk.write(file, bytes, at: offset)
        }
    }

    func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        try change(name(file).hasPrefix("tail-") ? [.newTail] : []) { () throws(SystemFailure) in
            try disk.allocate(file, bytes: bytes)
        }
    }

    func sync(_ file: OpenFile) throws(SystemFailure) {
        let name = name(file)
        try change(event(syncing: name).map { [$0] } ?? []) { () throws(SystemFailure) in
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
                if let id = state.ids[file.number] { state.durability.synced[id] = whole }
            }
        }
    }

    func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        try change([]) { () throws(SystemFailure) in
            try disk.syncDirectory(directory)
            state.withLock { $0.durability.durableNames = $0.durability.names }
        }
    }

    func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemFailure) {
        let isReplacement = state.withLock { $0.durability.names[newName] != nil }
        var events: [Event] = newName == "manifest.json" ? [.manifest] : []
        if newName.hasSuffix(".mcap") {
            events = isReplacement ? [.rename, .replacement] : [.rename]
        }
        try change(events) { () throws(SystemFailure) in
            try disk.rename(name, to: newName, in: directory)
            state.withLock { state in
                let id = state.durability.names.removeValue(forKey: name)
                state.durability.names[newName] = id
            }
        }
    }

    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        try change([]) { () throws(SystemFailure) in
            try disk.unlink(name, in: directory)
            state.withLock { _ = $0.durability.names.removeValue(forKey: name) }
        }
    }
}
