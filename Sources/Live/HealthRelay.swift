import Journal
import Synchronization

/// From the recorder's thread, which knows of the disk first, to whoever runs the session by then.
final class HealthRelay: Sendable {
    private let target = Mutex<(@Sendable (RecorderHealth, String) -> Void)?>(nil)

    func connect(_ body: @escaping @Sendable (RecorderHealth, String) -> Void) {
        target.withLock { $0 = body }
    }

    /// - Parameter path: the recording whose health it is.
    func tell(_ health: RecorderHealth, of path: String) {
        let body = target.withLock { $0 }
        body?(health, path)
    }
}

/// The recorder that a session writes to now: one after the other where it rolls.
final class CurrentRecorder: Sendable {
    private let recorder: Mutex<Recorder>

    init(_ recorder: Recorder) { self.recorder = Mutex(recorder) }

    var value: Recorder { recorder.withLock { $0 } }

    func set(_ next: Recorder) { recorder.withLock { $0 = next } }
}
