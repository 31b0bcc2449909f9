import Glibc
import Journal
import Market

/// The messages appended to a new recording as fast as the recorder takes them.
enum RecordMode {
    /// Where recordings go: beside the kit's own stores, on the same disk.
    static let directory = "/tmp/bench/store/"

    /// The whole life of a recorder, from `open` to the seal: CRC and chain on, a sync every 50 ms, level 3.
    static func append(_ workload: Workload) throws -> String {
        let path = directory + "tapedeck-append"
        try remove(path)
        let measurement = Measurement()
        let recorder = try Recorder.open(path)
        try recorder.start(time: first(workload), payload: Array("{}".utf8))
        try append(workload, to: recorder)
        try recorder.seal()
        let statistics = recorder.statistics
        return measurement.line(
            mode: "append",
            count: workload.messages.count,
            extra: [
                ("records", String(statistics.records)),
                ("in", String(workload.payloadBytes)),
                ("out", String(statistics.segmentBytes)),
                ("syncs", String(statistics.syncs)),
            ]
        )
    }

    /// Hands the messages over in their order; waits while more than a quarter of the queue is taken, since a queue
    /// that is half full would lower the level.
    static func append(_ workload: Workload, to recorder: Recorder) throws {
        let queueBytes = RecorderOptions().queueBytes
        var ids: [StreamID?] = workload.streams.map { _ in nil }
        for message in workload.messages {
            let id: StreamID
            if let known = ids[message.stream] {
                id = known
            } else {
                id = try recorder.stream(named: workload.streams[message.stream].text)
                ids[message.stream] = id
            }
            while recorder.queuedBytes > queueBytes / 4 { rest() }
            try recorder.append(id, time: message.time, payload: message.payload)
        }
    }

    /// What the live path does while a socket is stalled.
    static func rest() { usleep(5_000) }

    static func removeFile(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw BenchError("\(path) cannot be removed")
        }
    }

    static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    static func make(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 else { throw BenchError("\(path) cannot be made") }
    }

    static func first(_ workload: Workload) -> Timestamp {
        workload.messages.first?.time ?? .zero
    }

    /// Takes away the recording of an earlier repetition: a directory of plain files.
    static func remove(_ path: String) throws {
        for part in ["/derived", ""] {
            guard let folder = opendir(path + part) else { continue }
            defer { closedir(folder) }
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                        String(cString: $0)
                    }
                }
                unlink(path + part + "/" + name)
            }
            rmdir(path + part)
        }
        guard access(path, F_OK) != 0 else { throw BenchError("\(path) cannot be removed") }
    }
}
