import Foundation
import Glibc
import Testing

/// SIGTERM, SIGINT and a terminal that goes away.
@Suite struct StoppingTests {
    /// An exchange that stands still: it takes connections and answers nothing any more.
    @Test(arguments: [SIGTERM, SIGINT])
    func `a recorder is sealed soon, though the exchange says nothing any more`(
        signal: Int32
    )
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try Program.start(
            [
                "serve", "--synthetic", "--json", "--symbols", "4", "--for", "900s", "--ca-out",
                "ca.pem",
            ],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { Endpoint($0) }.url
        // With TLS, whose end both sides say: fifteen sockets, three for each of the categories.
        let topics = ["spot", "linear", "inverse"].flatMap { category in
            ["publicTrade", "tickers"].map { "  - \(category):\($0).*\n" }
        }
        try """
        endpoint: \(endpoint)
        ca_file: ca.pem
        sockets:
          redundancy: 3
        public:
        \(topics.joined())  - option:tickers.BTC-*
          - spread:tickers.*
        """.write(toFile: folder.path + "/session.yaml", atomically: true, encoding: .utf8)
        // Two seconds on a machine that is free; TLS alone would wait five for the goodbye of the other side.
        let wrong = try await MachinePace.within(.seconds(5)) { attempt in
            let out = "recording-\(attempt)"
            let recorder = try Program.start(
                ["record", "session.yaml", "--out", out, "--json", "--status-every", "50ms"],
                in: folder.path
            )
            let sockets: Int = try await recorder.line { line in
                let object = DeskedSession.object(line)
                let ready = object?["sockets_ready"] as? Int ?? 0
                return ready > 0 && ready == object?["sockets"] as? Int ? ready : nil
            }
            #expect(sockets == 15)
            kill(server.process.processIdentifier, SIGSTOP)
            defer { kill(server.process.processIdentifier, SIGCONT) }
            let pace = MachinePace()
            let begin = ContinuousClock.now
            kill(recorder.process.processIdentifier, signal)
            let end = try await recorder.end()
            let span = MachinePace.Span(
                took: recorder.ended(after: begin),
                wasBusy: pace.wasBusy()
            )
            #expect(end.status == 0, "\(end.errors)")
            let verify = try await Program.run(["verify", out, "--json"], in: folder.path)
            #expect(verify.status == 0 && verify.object["sealed"] as? Bool == true)
            return span
        }
        #expect(wrong.isEmpty, "\(wrong)")
    }

    /// The system's resolver hangs, as it does when the network is gone.
    @Test func `a recorder that has not come to anything yet is sealed as soon`() async throws {
        let folder = try TemporaryFolder()
        let library = try await Preload.build(
            "resolver",
            """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <netdb.h>
            #include <string.h>
            #include <unistd.h>
            typedef int call(const char *, const char *, const struct addrinfo *, struct addrinfo **);
            int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                            struct addrinfo **result) {
                if (!node || !strstr(node, "exchange")) {
                    return ((call *)dlsym(RTLD_NEXT, "getaddrinfo"))(node, service, hints, result);
                }
                sleep(60);
                return EAI_AGAIN;
            }
            """,
            in: folder.path
        )
        // As above: who waits for the resolver does so each time.
        let wrong = try await MachinePace.within(.seconds(5)) { attempt in
            let out = "recording-\(attempt)"
            let recorder = try Program.start(
                [
                    "record", "--endpoint", "http://exchange.example:1", "--public",
                    "linear:publicTrade.BTCUSDT", "--out", out, "--json", "--status-every", "50ms",
                ],
                environment: ["LD_PRELOAD": library],
                in: folder.path
            )
            let _: Bool = try await recorder.line {
                $0.contains(#""phase":"starting""#) ? true : nil
            }
            let pace = MachinePace()
            let begin = ContinuousClock.now
            recorder.terminate()
            let end = try await recorder.end()
            let span = MachinePace.Span(
                took: recorder.ended(after: begin),
                wasBusy: pace.wasBusy()
            )
            #expect(end.status == 0, "\(end.errors)")
            let info = try await Program.run(["info", out, "--json"], in: folder.path)
            #expect(info.object["state"] as? String == "sealed")
            return span
        }
        #expect(wrong.isEmpty, "\(wrong)")
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/setsid"),
            "setsid gives a program a terminal of its own"
        )
    )
    func `the hangup of a terminal that goes away seals`() async throws {
        var main: Int32 = -1
        var side: Int32 = -1
        try #require(openpty(&main, &side, nil, nil, nil) == 0)
        // Else the child would hold this side open too.
        _ = fcntl(main, F_SETFD, FD_CLOEXEC)
        let folder = try TemporaryFolder()
        let server = try Program.start(
            ["serve", "--synthetic", "--plain", "--json", "--symbols", "2", "--for", "300s"],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { Endpoint($0) }.url
        let terminal = FileHandle(fileDescriptor: side, closeOnDealloc: true)
        let recorder = try Program.start(
            [
                "--ctty", "--wait", Program.path, "record", "--endpoint", endpoint, "--public",
                "linear:publicTrade.BTCUSDT", "--out", "one", "--json", "--status-every", "50ms",
            ],
            program: "/usr/bin/setsid",
            in: folder.path,
            input: terminal
        )
        let _: Bool = try await recorder.line { $0.contains(#""sockets_ready":1"#) ? true : nil }
        close(main)
        let end = try await recorder.end()
        #expect(end.status == 0, "\(end.errors)")
        let why = try await Program.run(
            ["cat", "one", "--stream", "session/end", "--raw"],
            in: folder.path
        )
        #expect(why.output.contains("SIGHUP"), "\(why.output) \(end.errors)")
    }
}
