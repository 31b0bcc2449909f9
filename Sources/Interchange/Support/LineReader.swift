import CZlib
import Glibc
import Journal

/// The lines of a file, plain or gzip, without their line ends.
///
/// Memory is bounded by the longest line taken. Not Sendable: one owner, one thread.
final class LineReader {
    /// No message of the exchange comes near; a file without line ends must not fill the memory.
    static let longestLine = 64 << 20

    let path: String
    /// The number of the line given last, from 1.
    private(set) var line = 0
    private let descriptor: Int32
    /// At one address for life: zlib knows its state by it.
    private var stream: UnsafeMutablePointer<z_stream>?
    private var packed: [UInt8] = []
    private var packedStart = 0
    private var packedEnd = 0
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// - Throws: `system` when it cannot be opened, `notInFormat` for a zip archive.
    init(_ path: String) throws(InterchangeError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw InterchangeError(
                .system(call: "open", code: errno),
                file: path,
                advice: "Check the name and its rights."
            )
        }
        packed = [UInt8](repeating: 0, count: 64 << 10)
        try fill()
        let magic = packed[..<packedEnd].prefix(4)
        guard !magic.elementsEqual([0x50, 0x4b, 0x03, 0x04]) else {
            throw InterchangeError(
                .notInFormat("it is a zip archive"),
                file: path,
                advice: "Unzip it first."
            )
        }
        guard magic.prefix(2).elementsEqual([0x1f, 0x8b]) else { return }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        self.stream = stream
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, size) == Z_OK else {
            throw InterchangeError(.system(call: "inflateInit", code: ENOMEM), file: path)
        }
    }

    deinit {
        if let stream {
            inflateEnd(stream)
            stream.deallocate()
        }
        close(descriptor)
    }

    /// The next line; `nil` at the end of the file.
    ///
    /// A last line without a line end counts.
    func next() throws(InterchangeError) -> [UInt8]? {
        var searched = start
        while true {
            let found = buffer.withUnsafeBytes { bytes -> Int? in
                guard searched < bytes.count, let base = bytes.baseAddress,
                    let end = memchr(base + searched, 0x0a, bytes.count - searched)
                else { return nil }
                return UnsafeRawPointer(end) - base
            }
            if let found {
                defer { start = found + 1 }
                return take(from: start, to: found)
            }
            searched = buffer.count
            guard buffer.count - start <= LineReader.longestLine else {
                throw InterchangeError(
                    .notInFormat("a line of more than \(LineReader.longestLine) bytes"),
                    file: path,
                    line: line + 1
                )
            }
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return take(from: start, to: buffer.count)
            }
            if start > 0 {
                buffer.removeSubrange(..<start)
                searched -= start
                start = 0
            }
            try extend()
        }
    }

    private func take(from first: Int, to end: Int) -> [UInt8] {
        line += 1
        let last = end > first && buffer[end - 1] == 0x0d ? end - 1 : end
        return Array(buffer[first..<last])
    }

    private func fill() throws(InterchangeError) {
        packedStart = 0
        packedEnd = 0
        while true {
            let count = packed.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                packedEnd = count
                return
            }
            guard errno == EINTR else {
                throw InterchangeError(.system(call: "read", code: errno), file: path)
            }
        }
    }

    /// Adds the next bytes of the text, or finds the end.
    private func extend() throws(InterchangeError) {
        if let failure {
            // What stands behind the last whole line is no line. The error is told once, then the file is at its end.
            isAtEnd = true
            start = buffer.count
            self.failure = nil
            throw failure
        }
        if packedStart == packedEnd { try fill() }
        guard stream != nil else {
            isAtEnd = packedEnd == 0
            buffer.append(contentsOf: packed[packedStart..<packedEnd])
            packedStart = packedEnd
            return
        }
        try inflateMore()
    }

    private func inflateMore() throws(InterchangeError) {
        guard let stream else { return }
        let hasInput = packedStart < packedEnd
        guard hasInput || !isBetweenMembers else {
            isAtEnd = true
            return
        }
        isBetweenMembers = false
        var status: Int32 = Z_OK
        let room = 256 << 10
        let before = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: room))
        let (used, made) = packed.withUnsafeMutableBufferPointer { input in
            buffer.withUnsafeMutableBufferPointer { output in
                stream.pointee.next_in = input.baseAddress.map { $0 + packedStart }
                stream.pointee.avail_in = UInt32(packedEnd - packedStart)
                stream.pointee.next_out = output.baseAddress.map { $0 + before }
                stream.pointee.avail_out = UInt32(room)
                status = inflate(stream, Z_NO_FLUSH)
                return (
                    packedEnd - packedStart - Int(stream.pointee.avail_in),
                    room - Int(stream.pointee.avail_out)
                )
            }
        }
        packedStart += used
        buffer.removeLast(room - made)
        if status == Z_STREAM_END {
            // A collector that was started again appends another member.
            isBetweenMembers = true
            inflateReset(stream)
        } else if status != Z_OK && status != Z_BUF_ERROR {
            failure = cut("the gzip data is damaged")
        } else if !hasInput, made == 0 {
            // A member that has begun and not ended, as a collector that was killed leaves it.
            failure = cut("the gzip data ends too early")
        }
    }

    private var isBetweenMembers = true
    /// Told when the whole lines before it have been given.
    private var failure: InterchangeError?

    private func cut(_ what: String) -> InterchangeError {
        InterchangeError(
            .notInFormat(what),
            file: path,
            line: line + 1,
            advice: "The lines before it are whole; copy the file again."
        )
    }
}
