import Glibc
import Journal
import Market
import Measuring

/// What comes after a kill; the process is fresh, the page cache warm, or as cold as this user can make it.
enum Opening {
    /// A reader's opening, up to the last record.
    static func open(_ path: String, isCold: Bool) throws -> String {
        if isCold { try Files.forget(in: path) }
        let wall = Clock.wall
        let cpu = Clock.cpu
        let recording = try Recording.open(path)
        let cursor = try recording.cursor(from: .sequence(recording.last))
        guard try cursor.next()?.sequence == recording.last else {
            throw BenchError("\(path): the last record is not there")
        }
        return Line("open", count: Int(recording.last.value), wall: wall, cpu: cpu)
            .adding("segments", recording.manifest.segments.count)
            .adding("bytes", Int(try recording.bytesOnDisk())).text
    }

    /// The recorder's next run, up to its first record.
    static func recover(_ path: String, isCold: Bool) throws -> String {
        if isCold { try Files.forget(in: path) }
        let wall = Clock.wall
        let cpu = Clock.cpu
        let recorder = try Recorder.open(path)
        let number = try recorder.start(time: recorder.lastTime, payload: Array("{}".utf8))
        let line = Line("recover", count: Int(number.value), wall: wall, cpu: cpu)
        guard recorder.run > 1, recorder.recovery != nil else {
            throw BenchError("\(path): nothing was recovered")
        }
        try recorder.close()
        return line.adding("run", recorder.run).text
    }
}
