import CZlib
import Glibc
import Journal

/// Where an export goes: standard output, or a file that gets its name only when it is whole.
public final class ByteSink {
    private let descriptor: Int32
    private let path: String?
    private let unfinished: String
    private var buffer: [UInt8] = []
    /// At one address for life: zlib knows its state by it.
    private var gzip: UnsafeMutablePointer<z_stream>?
    private var packed: [UInt8] = []
    private var isFinished = false
    private static let limit = 1 << 20

    /// Standard output.
    public init() {
        descriptor = STDOUT_FILENO
        path = nil
        unfinished = ""
    }

    /// A new file; gzip when its name ends in `.gz` and `compresses` says so.
    ///
    /// - Throws: `exists` when there is one of that name.
    public init(path: String, compresses: Bool = false) throws(InterchangeError) {
        self.path = path
        guard access(path, F_OK) != 0 else {
            throw InterchangeError(.exists, file: path, advice: "Name another file.")
        }
        unfinished = path + ".unfinished"
        descriptor = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw InterchangeError(
                .system(call: "open", code: errno),
                file: unfinished,
                advice: "Check the folder and its rights."
            )
        }
        guard compresses, path.hasSuffix(".gz") else { return }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        gzip = stream
        let size = Int32(MemoryLayout<z_stream>.size)
        let status = deflateInit2_(stream, 6, Z_DEFLATED, 15 + 16, 8, 0, ZLIB_VERSION, size)
        guard status == Z_OK else {
            throw InterchangeError(.system(call: "deflateInit", code: ENOMEM), file: path)
        }
        packed = [UInt8](repeating: 0, count: 256 << 10)
    }

    deinit {
        if let gzip {
            deflateEnd(gzip)
            gzip.deallocate()
        }
        guard path != nil, !isFinished else { return }
        close(descriptor)
        unlink(unfinished)
    }

    /// Hands bytes over; they are written when enough have come together.
    public func write(_ bytes: [UInt8]) throws(InterchangeError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= ByteSink.limit { try flush() }
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws(InterchangeError) {
        if bytes.count >= ByteSink.limit, gzip == nil {
            try flush()
            return try put(bytes)
        }
        buffer.append(contentsOf: bytes)
        if buffer.count >= ByteSink.limit { try flush() }
    }

    /// Writes what has come together.
    public func flush() throws(InterchangeError) {
        guard !buffer.isEmpty else { return }
        try buffer.withTypedBytes { raw throws(InterchangeError) in
            if gzip == nil { try put(raw) } else { try pack(raw, Z_NO_FLUSH) }
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Everything is written and the file has its name.
    public func finish() throws(InterchangeError) {
        try flush()
        if gzip != nil { try pack(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH) }
        isFinished = true
        guard let path else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw InterchangeError(.system(call: "fsync", code: errno), file: unfinished)
        }
        guard access(path, F_OK) != 0 else {
            throw InterchangeError(.exists, file: path, advice: "Name another file.")
        }
        guard rename(unfinished, path) == 0 else {
            throw InterchangeError(.system(call: "rename", code: errno), file: unfinished)
        }
    }

    private func pack(_ bytes: UnsafeRawBufferPointer, _ mode: Int32) throws(InterchangeError) {
        guard let stream = gzip else { return }
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        )
        stream.pointee.avail_in = UInt32(bytes.count)
        while true {
            var status: Int32 = Z_OK
            let made = packed.withUnsafeMutableBufferPointer { room in
                stream.pointee.next_out = room.baseAddress
                stream.pointee.avail_out = UInt32(room.count)
                status = deflate(stream, mode)
                return room.count - Int(stream.pointee.avail_out)
            }
            guard status != Z_STREAM_ERROR else {
                throw InterchangeError(.system(call: "deflate", code: EINVAL), file: unfinished)
            }
            try packed.withTypedBytes { raw throws(InterchangeError) in
                try put(UnsafeRawBufferPointer(rebasing: raw[..<made]))
            }
            // Output that did not fill its room is all there is for now.
            if mode == Z_FINISH ? status == Z_STREAM_END : made < packed.count { return }
        }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws(InterchangeError) {
        var offset = 0
        while offset < bytes.count {
            let count = Glibc.write(
                descriptor,
                bytes.baseAddress?.advanced(by: offset),
                bytes.count - offset
            )
            if count > 0 {
                offset += count
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                usleep(1_000)
            } else if errno == EPIPE {
                throw InterchangeError(.closedPipe)
            } else {
                throw InterchangeError(
                    .system(call: "write", code: errno),
                    file: path == nil ? "standard output" : unfinished,
                    advice: "Check the disk."
                )
            }
        }
    }
}

extension Array where Element == UInt8 {
    /// `withUnsafeBytes` that keeps the error's type.
    func withTypedBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeBufferPointer { (buffer) throws(Failure) -> Result in
            try body(UnsafeRawBufferPointer(buffer))
        }
    }
}
