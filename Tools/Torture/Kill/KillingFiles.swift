import DiskKit
import Glibc
import Journal
import Synchronization

/// The disk itself, and a process that kills itself at its n-th call that changes something.
final class KillingFiles: PassingFiles {
    /// Whether the call happens before the kill.
    enum Moment: String, CaseIterable {
        /// Not at all.
        case before
        /// Half of its bytes; calls other than writes as `before`.
        case half
        case after
    }

    let disk: any JournalFiles = SystemFiles()
    private let fatal: Int
    private let moment: Moment
    private let count = Atomic<Int>(0)
    private let lastWords = Mutex<(@Sendable () -> Void)?>(nil)

    /// - Parameter fatal: the call, from 1; 0 for none.
    init(fatal: Int, _ moment: Moment) {
        self.fatal = fatal
        self.moment = moment
    }

    /// Called just before the end: says what was acknowledged.
    func beforeTheEnd(_ words: @escaping @Sendable () -> Void) {
        lastWords.withLock { $0 = words }
    }

    private func die() -> Never {
        lastWords.withLock { $0 }?()
        kill(getpid(), SIGKILL)
        while true { pause() }
    }

    private func change<Value>(
        _ half: () throws(SystemFailure) -> Void = { () throws(SystemFailure) in },
        _ body: () throws(SystemFailure) -> Value
    ) throws(SystemFailure) -> Value {
        guard count.add(1, ordering: .sequentiallyConsistent).newValue == fatal else {
            return try body()
        }
        switch moment {
        case .before: die()
        case .half:
            try half()
            die()
        case .after:
            _ = try body()
            die()
        }
    }

    // MARK: Calls that change something

    func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        guard mode != .read else { return try disk.open(name, in: directory, mode) }
        return try change { () throws(SystemFailure) in
            try disk.open(name, in: directory, mode)
        }
    }

    func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        try change(
            { () throws(SystemFailure) in
                let half = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)])
                _ = try disk.write(file, half, at: offset)
            },
            { () throws(SystemFailure) in try disk.write(file, bytes, at: offset) }
        )
    }

    func allocate(_ file: OpenFile, bytes: UInt64) throws(SystemFailure) {
        try change { () throws(SystemFailure) in try disk.allocate(file, bytes: bytes) }
    }

    func sync(_ file: OpenFile) throws(SystemFailure) {
        try change { () throws(SystemFailure) in try disk.sync(file) }
    }

    func syncDirectory(_ directory: OpenFile) throws(SystemFailure) {
        try change { () throws(SystemFailure) in try disk.syncDirectory(directory) }
    }

    func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemFailure) {
        try change { () throws(SystemFailure) in
            try disk.rename(name, to: newName, in: directory)
        }
    }

    func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        try change { () throws(SystemFailure) in try disk.unlink(name, in: directory) }
    }
}
