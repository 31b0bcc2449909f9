import Glibc
import Market
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Gateway

/// Collects what threads of others do, and lets a test wait for it.
final class Watch<Item: Sendable>: Sendable {
    private let collected = Mutex<[Item]>([])

    var items: [Item] { collected.withLock { $0 } }

    func add(_ item: Item) { collected.withLock { $0.append(item) } }

    /// Waits until the items satisfy `condition`, and returns them; a test that waits in vain fails.
    @discardableResult
    func wait(
        for what: Comment,
        sourceLocation: SourceLocation = #_sourceLocation,
        until condition: ([Item]) -> Bool
    ) async throws -> [Item] {
        let end = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < end {
            let items = items
            if condition(items) { return items }
            try await Task.sleep(for: .milliseconds(2))
        }
        try #require(condition(items), what, sourceLocation: sourceLocation)
        return items
    }
}

/// What a socket delivered, in words that a test can compare.
enum Delivered: Sendable, Equatable {
    case received(String)
    case sent(String)
    case link(String, reason: String)
    case shutOut

    init(_ message: GatewayMessage) {
        switch message.content {
        case .received(let bytes): self = .received(String(buffer: bytes))
        case .sent(let bytes): self = .sent(String(decoding: bytes, as: UTF8.self))
        case .link(let event): self = .link(event.change.rawValue, reason: event.reason)
        case .shutOut: self = .shutOut
        }
    }

    var isReady: Bool { self == .link("ready", reason: "") }
    /// For its silence, after however many seconds this machine came to look.
    var isGivenUp: Bool {
        guard case .link("disconnected", let reason) = self else { return false }
        return reason.wholeMatch(of: #/nothing received for \d+ s/#) != nil
    }
}

/// A socket on a loop of its own, with all that it delivered.
final class SocketUnderTest: Sendable {
    let delivered = Watch<Delivered>()
    private let loop: any EventLoop
    private let socket: NIOLoopBound<Socket>

    /// - Parameter also: called on the loop after each delivery.
    init(
        _ settings: Socket.Settings,
        also: @escaping @Sendable (GatewayMessage, Socket?) -> Void = { _, _ in }
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let delivered = delivered
        let settings = UncheckedBox(settings)
        self.loop = loop
        socket = try await loop.submit {
            // Set before the socket starts, so that deliveries find it.
            weak var made: Socket?
            let socket = Socket(
                settings: settings.value,
                loop: loop,
                clock: SessionClock(),
                chance: { 0 },
                deliver: { message in
                    delivered.add(Delivered(message))
                    also(message, made)
                }
            )
            made = socket
            return NIOLoopBound(socket, eventLoop: loop)
        }.get()
    }

    /// Runs on the loop.
    @discardableResult
    func on<R: Sendable>(_ body: @escaping @Sendable (Socket) -> R) async throws -> R {
        let socket = socket
        return try await loop.submit { body(socket.value) }.get()
    }

    func stop() async throws { try await on { $0.stop() } }

    struct Missing: Error { var items: [Delivered] }
}

// Sendable: handed over once, before anybody else can see it.
struct UncheckedBox<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

/// A directory of its own for a test, gone with it.
final class TestDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/gateway-tests-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure(code: errno) }
        path = String(cString: made)
    }

    struct Failure: Error {
        var code: Int32
    }

    @discardableResult
    func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
        let file = path + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL, mode)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        // The umask must not decide what the test tests.
        fchmod(descriptor, mode)
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw Failure(code: errno)
        }
        return file
    }

    deinit {
        guard let directory = opendir(path) else { return }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            unlink(path + "/" + name)
        }
        closedir(directory)
        rmdir(path)
    }
}
