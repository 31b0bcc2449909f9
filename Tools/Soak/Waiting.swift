import Glibc

/// Time that passes, and work that blocks, away from the threads that run tasks.
enum Waiting {
    /// Runs `body` on a thread of its own.
    static func offThread<Result: Sendable>(
        _ body: @escaping @Sendable () -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.start { continuation.resume(returning: body()) }
        }
    }
}

/// A detached thread of the system's.
enum Thread {
    private final class Work {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func start(_ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            },
            work.toOpaque()
        )
        guard code == 0 else { fatalError("pthread_create: \(code)") }
        pthread_detach(thread)
    }
}
