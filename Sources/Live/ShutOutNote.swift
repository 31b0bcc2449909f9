import Gateway
import Glibc
import Logging
import Market

/// Until when the exchange takes nothing from this address, noted beside the recordings and for this user's sessions on
/// this host: whichever of them starts next keeps to it too, and so does whichever runs already.
///
/// Sessions alone read and write it: `record`, `trade`, `proxy`, `demo`, `probe`. A service with a user or a `/tmp` of its own
/// (`DynamicUser=yes`, `PrivateTmp=yes`) has a directory of its own, and hears of nobody else's: only what runs as the same
/// user can share one, by name.
///
/// Only a note: one that cannot be written or read is as good as none.
struct ShutOutNote: Sendable {
    /// A note as it stands; all 0 where there is none.
    struct Heard: Hashable, Sendable {
        /// Of the wall clock of whoever wrote it, nanoseconds: it is known again by this.
        var until: Int64 = 0
        /// Nanoseconds by the wall clock as it is.
        var left: Int64 = 0
    }

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
        max(ShutOutNote.heard(at: wall, path).left, heardOfHost(at: wall).left)
    }

    /// What another session of this host noted last.
    func heardOfHost(at wall: Timestamp) -> Heard {
        guard let hostPath, ShutOutNote.isOurs(hostPath) else { return Heard() }
        return ShutOutNote.heard(at: wall, hostPath)
    }

    /// The directory for the host's notes that is there and not this user's alone, so that none in it counts.
    var foreignDirectory: String? {
        guard let hostPath, let end = hostPath.lastIndex(of: "/") else { return nil }
        let directory = String(hostPath[..<end])
        var facts = stat()
        guard lstat(directory, &facts) == 0, !ShutOutNote.isOurs(hostPath) else { return nil }
        return directory
    }

    /// Whoever named a directory for the host's notes is told when they do not count there.
    func warn(_ logger: Logger) {
        guard getenv(ShutOutNote.hostDirectory) != nil, let foreignDirectory else { return }
        logger.warning(
            "\(ShutOutNote.hostDirectory) is not this user's alone: after HTTP 403 no other session is told, and none heeded",
            metadata: ["directory": "\(foreignDirectory)"]
        )
    }

    /// Whether nobody but this user can write into its directory: what others leave there halts no desk.
    private static func isOurs(_ path: String) -> Bool {
        guard let end = path.lastIndex(of: "/") else { return false }
        var facts = stat()
        guard lstat(String(path[..<end]), &facts) == 0 else { return false }
        return facts.st_mode & S_IFMT == S_IFDIR && facts.st_uid == getuid()
            && facts.st_mode & (S_IWGRP | S_IWOTH) == 0
    }

    private static func heard(at wall: Timestamp, _ path: String) -> Heard {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return Heard() }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return Heard() }
        let digits = bytes[..<count].prefix { (0x30...0x39).contains($0) }
        guard let until = Int64(String(decoding: digits, as: UTF8.self)) else { return Heard() }
        // A clock that was set meanwhile makes it no longer.
        let (rest, overflow) = until.subtractingReportingOverflow(wall.nanoseconds)
        let left = overflow ? 0 : min(RateLimiter.Settings().quiet, max(0, rest))
        return Heard(until: until, left: left)
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

/// Which notes were heeded: each once, since by the wall clock alone one of before would live again when the clock is set
/// back, and one of the far future would hold for ever.
struct HeededNotes {
    /// Several: one that was read before this session wrote its own may be told of after it.
    private var known: [Int64] = []
    private static let most = 8

    /// It stands, and holds no longer than it does already.
    mutating func know(_ until: Int64) {
        guard until != 0, !known.contains(until) else { return }
        known.append(until)
        if known.count > HeededNotes.most { known.removeFirst() }
    }

    /// Nanoseconds for which a note is to be heeded from now on; `nil` where it says nothing new.
    mutating func heed(_ heard: ShutOutNote.Heard) -> Int64? {
        guard heard.until != 0, !known.contains(heard.until) else { return nil }
        know(heard.until)
        return heard.left > 0 ? heard.left : nil
    }
}
