import Foundation
import Testing

@Suite struct SafetyTests {
    @Test(arguments: [
        ["--environment", "mainnet"], ["--environment", "eu"],
        ["--endpoint", "https://api.bybit.com"],
        ["--endpoint", "http://192.0.2.1:80"],
    ])
    func `trade reaches loopback, testnet and demo only`(place: [String]) async throws {
        let folder = try TemporaryFolder()
        let outcome = try await Program.run(
            ["trade", "--strategy", "maker", "--credentials", "x", "--for", "1s", "--out", "out"]
                + place,
            in: folder.path
        )
        #expect(outcome.status == 77, "\(outcome.output) \(outcome.errors)")
        #expect(folder.files.isEmpty, "nothing was written")
    }

    /// What is no credentials file of one's own; the superuser may read everything, so no mode forbids it.
    enum Credentials: String, CaseIterable {
        case directory, dangling, link, others, twice

        /// Makes it, and gives a word of what to do.
        func make(_ path: String) throws -> String {
            let manager = FileManager.default
            let text = Data("[main]\nkey = a\nsecret = b\nenvironment = loopback\n".utf8)
            let mode = self == .others ? 0o640 : 0o600
            let isOfAnother = [.link, .twice].contains(self)
            switch self {
            case .directory:
                try manager.createDirectory(atPath: path, withIntermediateDirectories: false)
                return "Name a file"
            case .dangling:
                try manager.createSymbolicLink(atPath: path, withDestinationPath: "nothing")
                return "Name the file itself"
            case .link, .others, .twice:
                let made = manager.createFile(
                    atPath: isOfAnother ? path + ".real" : path,
                    contents: text,
                    attributes: [.posixPermissions: mode]
                )
                #expect(made)
            }
            if self == .others { return "`chmod 600 \(path)`" }
            if self == .link {
                try manager.createSymbolicLink(
                    atPath: path,
                    withDestinationPath: path + ".real"
                )
                return "Name the file itself"
            }
            try manager.linkItem(atPath: path + ".real", toPath: path)
            return "Keep one of them"
        }
    }

    @Test(arguments: Credentials.allCases, ["record", "trade"])
    func `a credentials file that is not safely one's own is refused, with what to do`(
        kind: Credentials,
        command: String
    ) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/credentials"
        let todo = try kind.make(path)
        let before = folder.files.sorted()
        var arguments = [
            command, "--endpoint", "http://127.0.0.1:9", "--credentials", "main",
            "--credentials-file", path, "--for", "1s", "--out", "out",
        ]
        arguments +=
            command == "trade"
            ? ["--strategy", "maker"] : ["--public", "linear:tickers.BTCUSDT"]
        let outcome = try await Program.run(arguments, in: folder.path)
        #expect(outcome.status == 77, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.errors.contains(path))
        #expect(outcome.errors.contains(todo), "\(outcome.errors)")
        #expect(folder.files.sorted() == before, "nothing was written")
        let json = try await Program.run(arguments + ["--json"], in: folder.path)
        #expect(json.status == 77)
        let last = json.errors.split(separator: "\n").last ?? ""
        let object = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
        let error = try #require(object?["error"] as? [String: Any])
        #expect(error["where"] as? String == path)
        #expect((error["todo"] as? String)?.contains(todo) == true, "\(error)")
    }

    @Test func `the demo and every replay connect to nothing beyond loopback`() async throws {
        let folder = try TemporaryFolder()
        let library = try await ConnectLog.build(in: folder.path)
        let log = folder.path + "/connects"
        let variables = ["LD_PRELOAD": library, "CONNECT_LOG": log]
        let demo = try await Program.run(
            ["demo", "--seconds", "3", "--out", folder.path + "/demo", "--json"],
            environment: variables
        )
        #expect([0, 1].contains(demo.status), "\(demo.output) \(demo.errors)")
        let seen = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(!seen.isEmpty, "the log sees the demo's own connections")
        for address in seen { #expect(address.hasPrefix("127.") || address.hasPrefix("::1")) }
        try FileManager.default.removeItem(atPath: log)
        for command in ["replay", "verify", "state", "pnl", "info"] {
            _ = try await Program.run([command, folder.path + "/demo"], environment: variables)
        }
        #expect(!FileManager.default.fileExists(atPath: log), "reading opens no connection at all")
    }
}

/// The endpoint in the first line that `serve --json` prints.
struct Endpoint {
    var url: String

    init?(_ line: String) {
        guard
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
            let url = object["endpoint"] as? String
        else { return nil }
        self.url = url
    }

    /// Starts the program's exchange without TLS, for so long, and says where it is.
    static func serve(
        for time: String,
        in folder: TemporaryFolder
    ) async throws -> (Running, url: String) {
        let server = try Program.start(
            ["serve", "--synthetic", "--plain", "--json", "--for", time],
            in: folder.path
        )
        return (server, try await server.line { Endpoint($0) }.url)
    }
}

/// A library that writes down every address that a program connects to.
enum ConnectLog {
    static let source = """
        #define _GNU_SOURCE
        #include <arpa/inet.h>
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/socket.h>
        #include <unistd.h>
        int connect(int fd, const struct sockaddr *a, socklen_t n) {
            static int (*next)(int, const struct sockaddr *, socklen_t);
            if (!next) next = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
            char text[128] = "";
            if (a->sa_family == AF_INET)
                inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, text, sizeof text - 1);
            if (a->sa_family == AF_INET6)
                inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, text, sizeof text - 1);
            const char *path = getenv("CONNECT_LOG");
            if (*text && path) {
                strcat(text, "\\n");
                int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
                if (log >= 0) { if (write(log, text, strlen(text)) < 0) {} close(log); }
            }
            return next(fd, a, n);
        }
        """

    static func build(in folder: String) async throws -> String {
        try await Preload.build("connects", source, in: folder)
    }
}
