import Glibc
import JSON
import Market
import NIOCore

/// The frames of a file of messages, in order, each ready for the socket.
///
/// Lines are `{"t":"recv","data":"<frame>"}`; `ts` is the receive time in seconds, with a fraction. Lines with
/// another `t` (`connect`, `send`) are passed over. The frames stand in one buffer, so that a client that reads
/// fast is fed from slices of it without a copy.
struct MessagesFile {
    /// All frames one behind the other, WebSocket headers included.
    let frames: ByteBuffer
    /// Where each frame begins; one more than there are frames, the last is the end.
    let offsets: [Int]
    /// Receive time of each frame, nanoseconds; the time of the one before where a line has none.
    let times: [Int64]

    var count: Int { offsets.count - 1 }

    init(path: String) throws(ServerError) {
        try self.init(text: MessagesFile.read(path), name: path)
    }

    init(text: [UInt8], name: String) throws(ServerError) {
        var frames = ByteBufferAllocator().buffer(capacity: text.count)
        var offsets = [0]
        var times: [Int64] = []
        let parser = JSONParser()
        var line = 0
        for part in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            if part.allSatisfy({ $0 == 0x20 || $0 == 0x0d || $0 == 0x09 }) { continue }
            let item: (data: String, time: Int64?)?
            do {
                item = try parser.read(Array(part)) { root in try MessagesFile.received(root) }
            } catch {
                throw .line(name, line: line, reason: "\(error)")
            }
            guard let item else { continue }
            WebSocketFrames.append(.text, Array(item.data.utf8), to: &frames)
            offsets.append(frames.writerIndex)
            times.append(item.time ?? times.last ?? 0)
        }
        self.frames = frames
        self.offsets = offsets
        self.times = times
    }

    /// The frame text of a `recv` line; `nil` for a line of another kind.
    private static func received(
        _ root: JSONValue
    ) throws(JSONError) -> (data: String, time: Int64?)? {
        guard let kind = root["t"] else { throw JSONError(.missing, offset: 0, path: "t") }
        guard kind.string == "recv" else { return nil }
        guard let data = root["data"] else { throw JSONError(.missing, offset: 0, path: "data") }
        guard let text = data.string else {
            throw JSONError(.wrongType(expected: "a string"), offset: data.offset, path: "data")
        }
        guard let stamp = root["ts"] else { return (text, nil) }
        // Seconds become nanoseconds digit by digit; a stamp that is no plain number has no time.
        guard let seconds = try? Amount(text: stamp.raw),
            let nanoseconds = Int64(exactly: seconds.units / 1_000_000_000)
        else { return (text, nil) }
        return (text, nanoseconds)
    }

    private static func read(_ path: String) throws(ServerError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .file(path, reason: String(cString: strerror(errno))) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = part.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .file(path, reason: String(cString: strerror(errno)))
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: part[0..<count])
        }
    }
}
