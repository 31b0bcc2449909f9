import Glibc

/// What the system says of this process.
struct Sample: Sendable {
    /// Seconds since the beginning.
    var time: Double
    var resident: Double
    /// The part of it that is no file's: what a leak would be in.
    var anonymous: Double
    var descriptors: Double
    /// Seconds of processor time, all threads.
    var processor: Double

    static func take(at time: Double) -> Sample {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double {
            Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
        }
        let (resident, shared) = memory()
        return Sample(
            time: time,
            resident: resident,
            anonymous: resident - shared,
            descriptors: Double(Files.names(in: "/proc/self/fd").count - 1),
            processor: seconds(usage.ru_utime) + seconds(usage.ru_stime)
        )
    }

    /// MiB that are resident, and those of them that are a file's, the program's code above all.
    private static func memory() -> (resident: Double, shared: Double) {
        let fields = String(decoding: Files.bytes(of: "/proc/self/statm"), as: UTF8.self)
            .split(separator: " ")
        guard fields.count > 2, let pages = Double(fields[1]), let shared = Double(fields[2]) else {
            return (0, 0)
        }
        let size = Double(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
        return (pages * size, shared * size)
    }
}

/// A straight line through samples, by least squares.
struct Line {
    var mean = 0.0
    /// A second.
    var slope = 0.0
    private var span = 0.0

    init(_ points: [(time: Double, value: Double)]) {
        guard points.count > 1, let first = points.first, let last = points.last else { return }
        let count = Double(points.count)
        let middle = points.reduce(0) { $0 + $1.time } / count
        mean = points.reduce(0) { $0 + $1.value } / count
        var (above, below) = (0.0, 0.0)
        for point in points {
            above += (point.time - middle) * (point.value - mean)
            below += (point.time - middle) * (point.time - middle)
        }
        slope = below > 0 ? above / below : 0
        span = last.time - first.time
    }

    /// By how much it rises from end to end, in percent of its mean.
    var rise: Double { mean > 0 ? slope * span / mean * 100 : 0 }
}

/// Files without Foundation.
enum Files {
    static func bytes(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }

    static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
        let part = path + ".new"
        let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Trouble(description: "\(path): errno \(errno)") }
        let bytes = Array(text.utf8)
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        guard count == bytes.count, rename(part, path) == 0 else {
            throw Trouble(description: "\(path): errno \(errno)")
        }
    }
}
