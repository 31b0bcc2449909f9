import Bybit
import Glibc
import JSON
import Journal
import Market
import Measuring

/// Frames of a real session, recorded with the pauses that they had.
///
/// A line of a file is `{"t":"connect","conn":<name>,"ts":<seconds>,"addr":<URL>}`, which has no bytes of its own and is
/// not recorded, or `{"t":"recv"|"send","conn":<name>,"ts":<seconds>,"data":<the frame's text>}`. Files are taken together
/// in the order of their times.
enum RealSession {
    private struct Frame {
        var time: Int64
        var stream: String
        var bytes: [UInt8]
    }

    static func run(_ path: String, files: [String]) throws -> String {
        var frames: [Frame] = []
        for file in files { frames += try read(file) }
        frames.sort { $0.time < $1.time }
        guard let first = frames.first, let last = frames.last else {
            throw BenchError("\(files.joined(separator: ", ")) hold no frames")
        }
        let recorder = try Recorder.open(path)
        try recorder.start(time: Timestamp(nanoseconds: first.time), payload: Array("{}".utf8))
        var ids: [String: StreamID] = [:]
        let start = Clock.wall
        for frame in frames {
            let ahead = start + Int(frame.time - first.time) - Clock.wall
            if ahead > 0 { usleep(UInt32(ahead / 1_000 + 1)) }
            let id = try ids[frame.stream] ?? recorder.stream(named: frame.stream)
            ids[frame.stream] = id
            try recorder.append(
                id,
                time: Timestamp(nanoseconds: frame.time),
                payload: frame.bytes
            )
        }
        try recorder.seal()
        return Line("session").adding("n", frames.count)
            .adding("span", seconds: Int(last.time - first.time))
            .adding("in", frames.reduce(0) { $0 + $1.bytes.count })
            .adding("chunks", Int(recorder.statistics.chunks))
            .adding("out", try Files.bytes(in: path, ending: ".mcap")).text
    }

    private static func read(_ file: String) throws -> [Frame] {
        let parser = JSONParser()
        var frames: [Frame] = []
        var addresses: [String: String] = [:]
        for line in try Files.bytes(file).split(separator: 10) {
            try parser.read(Array(line)) { root in
                guard let kind = root["t"]?.string, let name = root["conn"]?.string else {
                    throw BenchError("\(file): a line has no t and conn")
                }
                if let address = root["addr"]?.string { addresses[name] = address }
                guard kind == "recv" || kind == "send" else { return }
                guard let text = root["data"]?.string, let stamp = root["ts"],
                    let seconds = Double(String(decoding: stamp.raw, as: UTF8.self)),
                    let address = addresses[name]
                else { throw BenchError("\(file): a frame has no data, no ts or no connection") }
                let bytes = Array(text.utf8)
                frames.append(
                    Frame(
                        time: Int64(seconds * 1e6) * 1_000,
                        stream: try stream(address, kind, bytes),
                        bytes: bytes
                    )
                )
            }
        }
        return frames
    }

    private static func stream(
        _ address: String,
        _ kind: String,
        _ bytes: [UInt8]
    ) throws -> String {
        guard let name = address.split(separator: "/").last,
            let category = Category(name: name)
        else { throw BenchError("\(address) is no public socket") }
        let socket = SocketName.publicData(category)
        if kind == "send" { return StreamNaming.sent(socket).text }
        return bytes.withUnsafeBytes { StreamNaming.name(socket, frame: $0).text }
    }
}
