import Journal
import Synchronization

/// From the recorder's thread, which knows of the disk first, to whoever runs the session by then.
final class HealthRelay: Sendable {
    private let target = Mutex<(@Sendable (RecorderHealth) -> Void)?>(nil)

    func connect(_ body: @escaping @Sendable (RecorderHealth) -> Void) {
        target.withLock { $0 = body }
    }

    func tell(_ health: RecorderHealth) {
        let body = target.withLock { $0 }
        body?(health)
    }
}
