import Gateway
import Glibc
import Market

/// Until when the exchange takes nothing from this address, noted beside the recordings and for all that this user runs
/// on this host: whoever starts there next keeps to it too, and so does whoever runs already.
///
/// Only a note: one that cannot be written or read is as good as none.
struct ShutOutNote: Sendable {
    let path: String
    /// For the host; `nil` for an exchange on loopback, which shuts out nobody else and whose port is another's soon.
    let hostPath: String?
    /// The directory for the host's notes, where it is to be another than `/tmp/tapedeck-UID`.
    static let hostDirectory = "TAPEDECK_HOST_NOTES"

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
        let name = "/.shut-out." + exchange.rest.authority
        path = folder + name
        hostPath = ShutOutNote.directory(exchange).map { $0 + name }
    }

    init(path: String, hostPath: String?) {
        self.path = path
        self.hostPath = hostPath
    }

    private static func directory(_ exchange: Destination) -> String? {
        if let named = getenv(hostDirectory) { return String(cString: named) }
        return exchange.isLoopback ? nil : "/tmp/tapedeck-\(getuid())"
    }

    /// Nanoseconds that are left of it; 0 where there is no note, or one of before.
    func left(at wall: Timestamp) -> Int64 {
        max(ShutOutNote.left(at: wall, path), leftForHost(at: wall))
    }

    /// The same, of what others of this host noted.
    func leftForHost(at wall: Timestamp) -> Int64 {
        guard let hostPath, ShutOutNote.isOurs(hostPath) else { return 0 }
        return ShutOutNote.left(at: wall, hostPath)
    }

    /// Whether nobody but this user can write into its directory: what others leave there halts no desk.
    private static func isOurs(_ path: String) -> Bool {
        guard let end = path.lastIndex(of: "/") else { return false }
        var facts = stat()
        guard lstat(String(path[..<end]), &facts) == 0 else { return false }
        return facts.st_mode & S_IFMT == S_IFDIR && facts.st_uid == getuid()
            && facts.st_mode & (S_IWGRP | S_IWOTH) == 0
    }

    private static func left(at wall: Timestamp, _ path: String) -> Int64 {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return 0 }
        let digits = bytes[..<count].prefix { (0x30...0x39).contains($0) }
        guard let until = Int64(String(decoding: digits, as: UTF8.self)) else { return 0 }
        // A clock that was set meanwhile makes it no longer.
        let (rest, overflow) = until.subtractingReportingOverflow(wall.nanoseconds)
        return overflow ? 0 : min(RateLimiter.Settings().quiet, max(0, rest))
    }

    func write(until wall: Timestamp) {
        ShutOutNote.write(until: wall, path)
        guard let hostPath, let end = hostPath.lastIndex(of: "/") else { return }
        mkdir(String(hostPath[..<end]), 0o700)
        if ShutOutNote.isOurs(hostPath) { ShutOutNote.write(until: wall, hostPath) }
    }

    private static func write(until wall: Timestamp, _ path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = Array("\(wall.nanoseconds)\n".utf8)
        _ = Glibc.write(file, bytes, bytes.count)
    }
}
