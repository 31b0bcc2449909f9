import CSpawn
import Gateway
import Glibc
import Synchronization
import Watch

/// One attempt to give an alert to a sink, on a thread of its own: a program or a server that hangs holds up nobody.
enum SinkCall {
    /// Nanoseconds that a program or an address has.
    static let limit: Int64 = 10_000_000_000

    /// - Parameter done: called on that thread with why it was not taken, or `nil`.
    static func begin(
        _ sink: AlertSink,
        _ body: [UInt8],
        done: @escaping @Sendable (String?) -> Void
    ) {
        let work = Work {
            switch sink {
            case .webhook(let url): done(Webhook.post(body, to: url, limit: limit))
            case .exec(let program, let arguments):
                done(SinkProgram.run(program, arguments, input: body, limit: limit))
            }
        }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(work)
        let code = pthread_create(
            &thread,
            nil,
            { context in
                if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            },
            context.toOpaque()
        )
        guard code == 0 else {
            context.release()
            return done("no thread could be started (errno \(code))")
        }
        pthread_detach(thread)
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

/// A user's program that is given one text: with nothing of ours but that.
enum SinkProgram {
    /// What it finds in its environment.
    private static let environment = ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"]
    /// A pipe takes so much before anybody reads.
    private static let pipeBytes = 60_000

    /// Starts the program, gives it `input`, and waits for its end on the caller's thread.
    ///
    /// It has no descriptor, variable or blocked signal of ours; what it prints is thrown away. When its time is over it
    /// is killed with all that it has started in its group.
    ///
    /// - Parameter limit: nanoseconds.
    /// - Returns: `nil` when it ended with 0, else why not.
    static func run(
        _ program: String,
        _ arguments: [String],
        input: [UInt8],
        limit: Int64
    ) -> String? {
        guard input.count < pipeBytes else { return "the alert is longer than a pipe takes" }
        var ends: [Int32] = [-1, -1]
        let failed = tapedeck_pipe(&ends)
        guard failed == 0 else { return words("pipe", failed) }
        // Our own reading end stays open until all is written: a program that does not read is no signal for us.
        var line = input
        line.append(UInt8(ascii: "\n"))
        let written = line.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
        close(ends[1])
        defer { close(ends[0]) }
        guard written == line.count else { return words("write", errno) }
        var child: pid_t = 0
        let code = spawn(&child, program, arguments, reading: ends[0])
        guard code == 0 else { return words("it could not be started", code) }
        return wait(child, limit)
    }

    private static func spawn(
        _ child: inout pid_t,
        _ program: String,
        _ arguments: [String],
        reading end: Int32
    ) -> Int32 {
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) }
        defer { for word in words + variables { free(word) } }
        words.append(nil)
        variables.append(nil)
        return tapedeck_spawn(&child, program, words, variables, end)
    }

    private static func wait(_ child: pid_t, _ limit: Int64) -> String? {
        let end = SessionClock.monotonic() + limit
        var status: Int32 = 0
        while true {
            let ended = waitpid(child, &status, WNOHANG)
            if ended == child { break }
            if ended < 0, errno != EINTR { return words("waitpid", errno) }
            guard SessionClock.monotonic() < end else {
                kill(-child, SIGKILL)
                while waitpid(child, &status, 0) < 0, errno == EINTR {}
                return "it had not ended after \(limit / 1_000_000_000) s and was killed"
            }
            usleep(10_000)
        }
        let signal = status & 0x7f
        if signal != 0 { return "it was ended by signal \(signal)" }
        let exit = status >> 8 & 0xff
        return exit == 0 ? nil : "it ended with status \(exit)"
    }

    private static func words(_ what: String, _ code: Int32) -> String {
        what + ": " + (strerror(code).map { String(cString: $0) } ?? "errno \(code)")
    }
}
