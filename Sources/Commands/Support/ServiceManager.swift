import Glibc
import Journal
import Live
import Synchronization

/// What systemd is told of a session that runs as its service: READY, STATUS, WATCHDOG, RELOADING, STOPPING.
///
/// The protocol is a datagram of `NAME=VALUE` lines to the socket that `$NOTIFY_SOCKET` names, a path or, behind `@`, a
/// name in the abstract space. Nothing waits for an answer, and a manager that is gone costs nothing.
///
/// - Source: sd_notify(3), systemd.service(5).
final class ServiceManager: Sendable {
    /// A record older than this is a session that stands still, and the watchdog is not fed.
    static let longestSilence: Int64 = 5_000_000_000
    /// How often the status is told.
    private static let statusInterval = Duration.seconds(5)

    private let socket: NotifySocket
    /// `nil` where the unit has no `WatchdogSec`.
    private let watchdog: Duration?
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// `nil` where no manager asks to be told.
    init?(
        variable: (String) -> String? = Environment.variable,
        process: Int32 = getpid()
    ) {
        guard let name = variable("NOTIFY_SOCKET"), let socket = NotifySocket(name) else {
            return nil
        }
        self.socket = socket
        watchdog = ServiceManager.watchdog(variable, process)
    }

    /// A third of the unit's `WatchdogSec`: two feedings may be late before it bites.
    static func watchdog(_ variable: (String) -> String?, _ process: Int32) -> Duration? {
        guard let text = variable("WATCHDOG_USEC"), let microseconds = Int64(text),
            microseconds > 0
        else { return nil }
        // It may be meant for another process of the service.
        if let owner = variable("WATCHDOG_PID"), owner != String(process) { return nil }
        return .microseconds(max(1_000, microseconds / 3))
    }

    // MARK: - The life of a session

    /// The session has started: says so, and from here on its status, and that it lives as long as it does.
    func begin(_ session: Session, path: String) {
        tell("READY=1\nSTATUS=recording into \(path)")
        task.withLock { $0 = Task { [self] in await watch(session) } }
    }

    /// The session file is read anew; `begin` was called before, and ``reloaded(_:)`` follows.
    func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let microseconds = Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
        tell("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
    }

    func reloaded(_ words: String) { tell("READY=1\nSTATUS=\(words)") }

    /// The end has begun.
    func end(_ words: String) {
        task.withLock { $0?.cancel() }
        tell("STOPPING=1\nSTATUS=\(words)")
    }

    private func watch(_ session: Session) async {
        var told = ContinuousClock.now
        let interval = watchdog ?? ServiceManager.statusInterval
        while !Task.isCancelled {
            // Asked on the session's own loop: one that hangs answers nothing, and nothing is fed.
            let status = await session.status()
            guard !Task.isCancelled else { return }
            if watchdog != nil, ServiceManager.isAlive(sinceAppend: status.sinceAppend) {
                tell("WATCHDOG=1")
            }
            if ContinuousClock.now - told >= ServiceManager.statusInterval {
                told = .now
                tell("STATUS=" + ServiceManager.words(of: status))
            }
            try? await Task.sleep(for: interval)
        }
    }

    static func isAlive(sinceAppend age: Int64) -> Bool { age < longestSilence }

    private static func words(of status: Session.Status) -> String {
        "\(status.watermarks.durable) records durable, \(status.socketsReady)/\(status.sockets) sockets,"
            + " \(status.counts.findings) findings, journal \(status.healthWords)"
    }

    /// Lines as they are; what stands in a value must not begin another one.
    private func tell(_ lines: String) { socket.send(Array(lines.utf8)) }
}

/// Where a service manager listens: a datagram socket of the Unix family.
struct NotifySocket: Sendable {
    private let path: [UInt8]

    /// `nil` for what is no such address, such as `vsock:…`, or is too long for one.
    init?(_ name: String) {
        guard let first = name.utf8.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@")
        else { return nil }
        var path = Array(name.utf8)
        if first == UInt8(ascii: "@") { path[0] = 0 }
        let room = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        guard path.count > 1, path.count < room else { return nil }
        self.path = path
    }

    /// True when the datagram was taken.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        // The length tells an abstract name from one with zeros behind it.
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let length = socklen_t(offset + path.count)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bytes.withUnsafeBytes {
                    sendto(
                        descriptor,
                        $0.baseAddress,
                        $0.count,
                        Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT),
                        address,
                        length
                    )
                }
            }
        }
        return sent == bytes.count
    }
}
