import Glibc
import Journal
import Market
import Measuring

/// How long `append` keeps its caller, each call timed alone while the recorder compresses, writes and syncs beside it.
///
/// What is counted is the difference of two looks at the clock around the call, so the time of one look is in it; two
/// looks with nothing between are counted in the same way, and given beside it.
enum Latency {
    static func run(_ path: String, messages: String, count: Int, rate: Int) throws -> String {
        let messages = try Messages(path: messages, count: count)
        let queue = RecorderOptions().queueBytes
        var clock = Histogram()
        var calls = Histogram()
        let (recorder, ids) = try messages.begin(path)
        let largest = messages.all.map(\.count).max() ?? 0
        let received = UnsafeMutableRawBufferPointer.allocate(byteCount: largest, alignment: 64)
        defer { received.deallocate() }
        let before = recorder.statistics.syncs
        let start = Clock.wall
        try messages.bytes.withUnsafeBytes { bytes in
            for (index, message) in messages.all.enumerated() {
                if rate > 0 {
                    // No sleep: a caller that has just read its socket is awake.
                    let due = start + index * 1_000_000_000 / rate
                    while Clock.wall < due {}
                } else {
                    while recorder.queuedBytes > queue / 4 { usleep(Appending.pause) }
                }
                let id = ids[message.stream]
                let time = Timestamp(nanoseconds: message.time)
                // Into a buffer that is used again, as a message comes from its socket: its bytes are in the cache.
                received.copyMemory(
                    from: UnsafeRawBufferPointer(
                        rebasing: bytes[message.start..<(message.start + message.count)]
                    )
                )
                let payload = UnsafeRawBufferPointer(rebasing: received[..<message.count])
                let first = Clock.wall
                let second = Clock.wall
                try recorder.append(id, time: time, payload: payload)
                let third = Clock.wall
                clock.add(second - first)
                calls.add(third - second)
            }
        }
        let wall = Clock.wall - start
        let syncs = recorder.statistics.syncs - before
        try recorder.seal()
        return Line(rate > 0 ? "latency-paced" : "latency-flat").adding("n", count)
            .adding("rate", Int(Double(count) / Double(wall) * 1e9)).adding("syncs", Int(syncs))
            .adding("clock_p50", clock.quantile(0.5)).adding("clock_p999", clock.quantile(0.999))
            .adding("p50", calls.quantile(0.5)).adding("p99", calls.quantile(0.99))
            .adding("p999", calls.quantile(0.999)).adding("max", calls.largest).text
    }
}

/// Counts by nanosecond up to 100 µs; what is longer is kept as it is.
struct Histogram {
    private var counts = [UInt32](repeating: 0, count: 100_000)
    private var longer: [Int] = []
    private var all = 0
    private(set) var largest = 0

    mutating func add(_ nanoseconds: Int) {
        all += 1
        largest = max(largest, nanoseconds)
        if nanoseconds < counts.count {
            counts[max(0, nanoseconds)] += 1
        } else {
            longer.append(nanoseconds)
        }
    }

    /// The smallest time that this share of all calls did not exceed.
    func quantile(_ share: Double) -> Int {
        let wanted = Int((Double(all) * share).rounded(.up))
        var sum = 0
        for (nanoseconds, count) in counts.enumerated() {
            sum += Int(count)
            if sum >= wanted { return nanoseconds }
        }
        let sorted = longer.sorted()
        return sorted[min(sorted.count - 1, max(0, wanted - sum - 1))]
    }
}
