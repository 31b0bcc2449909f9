import Gateway
import Glibc
import Market

/// Until when the exchange takes nothing from this address, noted beside the recordings: whoever starts there next
/// keeps to it too.
///
/// Only a note: one that cannot be written or read is as good as none.
struct ShutOutNote: Sendable {
    let path: String

    init(_ configuration: SessionConfiguration, _ exchange: Destination) {
        let folder: Substring
        if let rolls = configuration.folder, configuration.roll != nil {
            folder = rolls[...]
        } else {
            var recording = configuration.path[...]
            while recording.last == "/" { recording.removeLast() }
            // A path without a folder is one of here.
            folder = recording.lastIndex(of: "/").map { recording[..<$0] } ?? "."
        }
        path = folder + "/.shut-out." + exchange.rest.authority
    }

    /// Nanoseconds that are left of it; 0 where there is no note, or one of before.
    func left(at wall: Timestamp) -> Int64 {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return 0 }
        let digits = bytes[..<count].prefix { (0x30...0x39).contains($0) }
        guard let until = Int64(String(decoding: digits, as: UTF8.self)) else { return 0 }
        // A clock that was set meanwhile makes it no longer.
        return min(RateLimiter.Settings().quiet, max(0, until - wall.nanoseconds))
    }

    func write(until wall: Timestamp) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = Array("\(wall.nanoseconds)\n".utf8)
        _ = Glibc.write(file, bytes, bytes.count)
    }
}
