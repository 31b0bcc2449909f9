import Foundation
import Synchronization

/// From a synchronous command into asynchronous work, and back.
enum Blocking {
    /// Runs `body` and waits for its end; the main thread does nothing else meanwhile.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) throws -> Value {
        let done = DispatchSemaphore(value: 0)
        let outcome = Mutex<Result<Value, any Error>?>(nil)
        Task.detached {
            let result: Result<Value, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = outcome.withLock({ $0 }) else {
            throw Failure(.bug, "a task ended without a result")
        }
        return try result.get()
    }
}
