import DiskKit
import Journal
import Synchronization

/// The disk, with a count of the bytes that were read from it.
final class CountingFiles: PassingFiles {
    let disk: any JournalFiles = SystemFiles()
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
}
