import Glibc
import Journal
import Market
import Synchronization

/// A disk in memory that notes each call that changes it.
///
/// A directory and those directly in it: a recording, or a row of them. The names of what is in an inner directory begin
/// with that one's, which ends with a slash: `a/HEAD` lies in `a/`. Files live on without a name, as inodes do.
final class MemoryDisk: JournalFiles {
    private struct State {
        var contents: [[UInt8]] = []
        var names: [String: Int] = [:]
        /// By descriptor.
        var open: [Int32: Int] = [:]
        var lastDescriptor: Int32 = 8
        /// Open directories, by descriptor: what the names in them begin with.
        var directories = [MemoryDisk.directory.number: ""]
        var locked: [Int: Int32] = [:]
        var calls: [DiskCall]?
        var marks = Watermarks.all(.none)
        /// What the recorder promises now.
        var witness: (@Sendable () -> Watermarks?)?
    }
    private let state: Mutex<State>
    /// The one path there is.
    static let path = "/recording"
    private static let directory = OpenFile(7)

    /// - Parameter notes: whether calls are kept.
    init(_ image: Image = Image(), notes: Bool = false, marks: Watermarks = .all(.none)) {
        var state = State()
        for (name, bytes) in image.files {
            state.names[name] = state.contents.count
            state.contents.append(bytes)
        }
        if notes { state.calls = [] }
        state.marks = marks
        self.state = Mutex(state)
    }

    // MARK: For the harness

    /// Asked before each call; `nil` keeps what was said last.
    func watch(_ witness: @escaping @Sendable () -> Watermarks?) {
        state.withLock { $0.witness = witness }
    }

    var calls: [DiskCall] { state.withLock { $0.calls ?? [] } }

    /// What was promised when the last call began, or now while someone watches.
    var marks: Watermarks {
        state.withLock { state in
            MemoryDisk.look(&state)
            return state.marks
        }
    }

    /// What a process started now would see.
    var image: Image {
        state.withLock { state in
            Image(files: state.names.mapValues { state.contents[$0] })
        }
    }

    /// Notes a sync that did not make anything durable.
    func noteFailedSync(_ file: OpenFile) {
        state.withLock { state in
            guard let inode = state.open[file.number] else { return }
            MemoryDisk.note(&state, .failSync(file: inode))
        }
    }

    private static func look(_ state: inout State) {
        guard let marks = state.witness?() else { return }
        state.marks.appended = max(state.marks.appended, marks.appended)
        state.marks.written = max(state.marks.written, marks.written)
        state.marks.durable = max(state.marks.durable, marks.durable)
    }

    private static func note(_ state: inout State, _ kind: @autoclosure () -> DiskCall.Kind) {
        guard state.calls != nil else { return }
        look(&state)
        state.calls?.append(DiskCall(kind: kind(), marks: state.marks))
    }

    // MARK: JournalFiles

    func makeDirectory(_ path: String) {
        guard let name = MemoryDisk.inner(path) else { return }
        state.withLock { state in
            guard state.names[name + "/"] == nil else { return }
            let inode = state.contents.count
            MemoryDisk.note(&state, .create(name: name + "/", file: inode))
            state.contents.append([])
            state.names[name + "/"] = inode
        }
    }

    func removeDirectory(_ path: String) throws(SystemFailure) {
        guard let name = MemoryDisk.inner(path) else { throw SystemFailure.notSupported }
        let isThere = state.withLock { state -> Bool in
            guard state.names[name + "/"] != nil else { return false }
            MemoryDisk.note(&state, .unlink(name: name + "/"))
            state.names[name + "/"] = nil
            return true
        }
        guard isThere else { throw SystemFailure(ENOENT) }
    }

    /// The directory above is none of ours: its sync must not pass for that of this one.
    func openDirectory(_ path: String) throws(SystemFailure) -> OpenFile {
        guard path != MemoryDisk.path else { return MemoryDisk.directory }
        guard let name = MemoryDisk.inner(path) else { throw SystemFailure(ENOENT) }
        let number = state.withLock { state -> Int32? in
            guard state.names[name + "/"] != nil else { return nil }
            state.lastDescriptor += 1
            state.directories[state.lastDescriptor] = name + "/"
            return state.lastDescriptor
        }
        guard let number else {
            throw SystemFailure(state.withLock { $0.names[name] != nil } ? ENOTDIR : ENOENT)
        }
        return OpenFile(number)
    }

    /// What stands behind the one path's slash.
    private static func inner(_ path: String) -> String? {
        guard path.hasPrefix(MemoryDisk.path + "/") else { return nil }
        return String(path.dropFirst(MemoryDisk.path.count + 1))
    }

    /// What names in that directory begin with; `nil` for what is no open directory.
    private static func prefix(_ state: State, _ directory: OpenFile) -> String? {
        state.directories[directory.number]
    }

    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        let number = state.withLock { state -> Result<Int32, SystemFailure> in
            guard let prefix = MemoryDisk.prefix(state, directory) else {
                return .failure(SystemFailure(EBADF))
            }
            let name = prefix + name
            let inode: Int
            if let known = state.names[name] {
                if mode == .create { return .failure(SystemFailure(EEXIST)) }
                inode = known
            } else {
                if mode == .read { return .failure(SystemFailure(ENOENT)) }
                inode = state.contents.count
                MemoryDisk.note(&state, .create(name: name, file: inode))
                state.contents.append([])
                state.names[name] = inode
            }
            state.lastDescriptor += 1
            state.open[state.lastDescriptor] = inode
            return .success(state.lastDescriptor)
        }
        return OpenFile(try number.get())
    }

    func close(_ file: OpenFile) {
        state.withLock { state in
            if file != MemoryDisk.directory { state.directories[file.number] = nil }
            guard let inode = state.open.removeValue(forKey: file.number) else { return }
            if state.locked[inode] == file.number { state.locked[inode] = nil }
        }
    }

    func read(
        _ file: OpenFile,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let count = state.withLock { state -> Int? in
            guard let inode = state.open[file.number] else { return nil }
            let size = state.contents[inode].count
            guard offset < UInt64(size) else { return 0 }
            let start = Int(offset)
            let count = min(buffer.count, size - start)
            state.contents[inode].withUnsafeBytes {
                buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[start..<(start + count)])
                )
            }
            return count
        }
        guard let count else { throw SystemFailure(EBADF) }
        return count
    }

    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        let isOpen = state.withLock { state -> Bool in
            guard let inode = state.open[file.number] else { return false }
            MemoryDisk.note(
                &state,
                .write(file: inode, offset: Int(offset), bytes: Array(bytes))
            )
            state.contents[inode].overwrite(at: Int(offset), with: bytes)
            return true
        }
        guard isOpen else { throw SystemFailure(EBADF) }
        return bytes.count
    }

    func size(of file: OpenFile) throws(SystemFailure) -> UInt64 {
        let size = state.withLock { state in
            state.open[file.number].map { state.contents[$0].count }
        }
        guard let size else { throw SystemFailure(EBADF) }
        return UInt64(size)
    }

    func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        let isOpen = state.withLock { state -> Bool in
            guard let inode = state.open[file.number] else { return false }
            MemoryDisk.note(&state, .allocate(file: inode, size: Int(bytes)))
            state.contents[inode].extend(to: Int(bytes))
            return true
        }
        guard isOpen else { throw SystemFailure(EBADF) }
    }

    func sync(_ file: OpenFile) throws(SystemFailure) {
        let isOpen = state.withLock { state -> Bool in
            guard let inode = state.open[file.number] else { return false }
            MemoryDisk.note(&state, .sync(file: inode))
            return true
        }
        guard isOpen else { throw SystemFailure(EBADF) }
    }

    func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        let isOpen = state.withLock { state -> Bool in
            guard let prefix = MemoryDisk.prefix(state, directory) else { return false }
            MemoryDisk.note(&state, .syncNames(in: prefix))
            return true
        }
        guard isOpen else { throw SystemFailure(EBADF) }
    }

    func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemFailure) {
        let isThere = state.withLock { state -> Bool in
            guard let prefix = MemoryDisk.prefix(state, directory),
                let inode = state.names[prefix + name]
            else { return false }
            let (name, newName) = (prefix + name, prefix + newName)
            MemoryDisk.note(&state, .rename(from: name, to: newName, file: inode))
            state.names[name] = nil
            state.names[newName] = inode
            return true
        }
        guard isThere else { throw SystemFailure(ENOENT) }
    }

    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        let isThere = state.withLock { state -> Bool in
            guard let prefix = MemoryDisk.prefix(state, directory),
                state.names[prefix + name] != nil
            else { return false }
            MemoryDisk.note(&state, .unlink(name: prefix + name))
            state.names[prefix + name] = nil
            return true
        }
        guard isThere else { throw SystemFailure(ENOENT) }
    }

    func list(_ directory: OpenFile) -> [String] {
        state.withLock { state in
            let prefix = MemoryDisk.prefix(state, directory) ?? ""
            return state.names.keys.compactMap { name in
                guard name.hasPrefix(prefix) else { return nil }
                let rest = name.dropFirst(prefix.count)
                let end = rest.firstIndex(of: "/") ?? rest.endIndex
                // An inner directory by its own name, and what is in it not at all.
                guard !rest.isEmpty, end == rest.endIndex || rest.index(after: end) == rest.endIndex
                else { return nil }
                return String(rest[..<end])
            }
        }
    }

    func lock(_ file: OpenFile) throws(SystemFailure) -> Bool {
        state.withLock { state in
            guard let inode = state.open[file.number] else { return false }
            if let holder = state.locked[inode] { return holder == file.number }
            state.locked[inode] = file.number
            return true
        }
    }

    func now() -> Int64 { SystemFiles().now() }
}

extension [UInt8] {
    /// Zeros behind the end up to `size`.
    mutating func extend(to size: Int) {
        if count < size { append(contentsOf: repeatElement(0, count: size - count)) }
    }

    mutating func overwrite(at offset: Int, with bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        extend(to: offset + bytes.count)
        withUnsafeMutableBytes {
            guard let target = $0.baseAddress else { return }
            (target + offset).copyMemory(from: source, byteCount: bytes.count)
        }
    }
}
