import Journal
import Market

/// One call that changes a disk, as ``MemoryDisk`` notes it.
struct DiskCall {
    enum Kind {
        case write(file: Int, offset: Int, bytes: [UInt8])
        case allocate(file: Int, size: Int)
        case sync(file: Int)
        /// A sync that failed: the kernel takes the pages for clean, and they never reach the disk.
        case failSync(file: Int)
        case create(name: String, file: Int)
        case rename(from: String, to: String, file: Int)
        case unlink(name: String)
        /// Names of one directory, such as `a/`; empty for the topmost.
        case syncNames(in: String)
    }

    var kind: Kind
    /// What the recorder had promised when the call began.
    var marks: Watermarks
}

extension Watermarks {
    static func all(_ number: SequenceNumber) -> Watermarks {
        Watermarks(appended: number, written: number, durable: number)
    }
}
