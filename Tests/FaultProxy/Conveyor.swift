import NIOCore

/// One direction of a connection: pieces go on in the order they came, each at its time.
final class Conveyor {
    private struct Item {
        var due: NIODeadline
        var carry: () -> Void
    }

    /// Milliseconds that each piece waits.
    var latency = 0
    var bytesPerSecond: Int?
    private(set) var isHeld = false
    private let loop: any EventLoop
    private var items: CircularBuffer<Item> = []
    private var lastDue = NIODeadline.uptimeNanoseconds(0)
    private var timer: Scheduled<Void>?

    init(loop: any EventLoop) { self.loop = loop }

    /// - Parameter carry: called when the piece's time has come, and never after ``clear()``.
    func put(_ count: Int, _ carry: @escaping () -> Void) {
        var due = loop.now + .milliseconds(Int64(latency))
        if due < lastDue { due = lastDue }
        if let rate = bytesPerSecond {
            due = due + .nanoseconds(Int64(count) * 1_000_000_000 / Int64(max(1, rate)))
        }
        lastDue = due
        items.append(Item(due: due, carry: carry))
        go()
    }

    func hold() { isHeld = true }

    func release() {
        isHeld = false
        go()
    }

    /// Everything that still waits is given up.
    func clear() {
        items.removeAll()
        timer?.cancel()
        timer = nil
    }

    private func go() {
        guard timer == nil else { return }
        while !isHeld, let first = items.first {
            guard first.due <= loop.now else {
                timer = loop.assumeIsolated().scheduleTask(deadline: first.due) { [weak self] in
                    self?.timer = nil
                    self?.go()
                }
                return
            }
            items.removeFirst()
            first.carry()
        }
    }
}
