import NIOCore
import NIOPosix
import Synchronization

/// The way onto the client's loop.
struct Hop: Sendable {
    let loop: any EventLoop
    private let box: NIOLoopBoundBox<ClientLoop?>

    /// - Parameter make: is run on the loop before all that is run there through this value.
    init(_ loop: any EventLoop, _ make: @escaping @Sendable () -> ClientLoop) {
        let box = NIOLoopBoundBox.makeEmptyBox(valueType: ClientLoop.self, eventLoop: loop)
        self.loop = loop
        self.box = box
        loop.execute { box.value = make() }
    }

    func run(_ body: @escaping @Sendable (ClientLoop) -> Void) {
        let box = box
        loop.execute {
            guard let core = box.value else { preconditionFailure("made before anything else") }
            body(core)
        }
    }

    func get<Value: Sendable>(
        _ body: @escaping @Sendable (ClientLoop) -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            run { continuation.resume(returning: body($0)) }
        }
    }
}

/// Held by a client and by each of its sequences: with the last of them the sockets go.
final class Lifetime: Sendable {
    let hop: Hop
    let rest: RESTClient
    private let ids = Atomic<UInt64>(0)

    init(hop: Hop, rest: RESTClient) {
        self.hop = hop
        self.rest = rest
    }

    func makeID() -> UInt64 { ids.add(1, ordering: .relaxed).newValue }

    /// Waits until the exchange's clock is known, or could not be asked for.
    func awaitClock() async {
        await withCheckedContinuation { continuation in
            hop.run { core in core.withClock { continuation.resume() } }
        }
    }

    func close() async {
        await hop.get { $0.close() }
        let rest = rest
        await withCheckedContinuation { continuation in
            // It joins a thread.
            NIOThreadPool.singleton.submit { _ in
                rest.stop()
                continuation.resume()
            }
        }
    }

    deinit {
        hop.run { $0.close() }
        let rest = rest
        NIOThreadPool.singleton.submit { _ in rest.stop() }
    }
}
