import CCrypto
import Glibc

/// Bytes that nobody may read by accident: an API secret, or a key's name.
///
/// They stand in pages of their own, locked in memory and left out of core files, and are overwritten when the last
/// user lets go. Nothing prints them: not interpolation, `dump`, `Mirror` or a debugger's description.
// Sendable: written once in `init`, read-only until `deinit`.
public final class Secret: @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    public let count: Int

    /// Takes a copy and overwrites `bytes` with zeros.
    ///
    /// - Throws: ``GatewayError/library(_:)`` when there is no memory for it.
    public init(taking bytes: inout [UInt8]) throws(GatewayError) {
        defer { Secret.erase(&bytes) }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let size = max(1, (bytes.count + page - 1) / page) * page
        guard
            let memory = mmap(
                nil,
                size,
                PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS,
                -1,
                0
            ), memory != MAP_FAILED
        else { throw .library("no memory for a key (errno \(errno))") }
        // A limit on locked memory is no reason to stop; the page is then merely swappable.
        _ = mlock(memory, size)
        _ = madvise(memory, size, Int32(MADV_DONTDUMP))
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                memory.copyMemory(from: start, byteCount: source.count)
            }
        }
        base = memory
        capacity = size
        count = bytes.count
    }

    deinit {
        explicit_bzero(base, capacity)
        munlock(base, capacity)
        munmap(base, capacity)
    }

    /// The bytes, for the signer and the scanner of this module alone.
    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    static func erase(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
        }
        bytes.removeAll()
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(secret)" }
    public var debugDescription: String { "(secret)" }
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .class) }
}
