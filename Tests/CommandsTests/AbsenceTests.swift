import Foundation
import Glibc
import Testing

/// Positions, parts and names that are not there.
@Suite struct AbsenceTests {
    @Test func `a position that is not there is 66, an empty part is 64`() async throws {
        let (demo, _) = try await DemoTests.demo()
        let info = try await Program.run(["info", demo, "--json"])
        let sequence = try #require(info.object["sequence"] as? [String: Any])
        let last = try #require(sequence["last"] as? Int)
        let folder = try TemporaryFolder()
        let slice = folder.path + "/slice"
        let cut = try await Program.run(["slice", demo, "--from", "500", "-o", slice])
        #expect(cut.status == 0, "\(cut.errors)")
        let behind = "\(last + 1)"
        let export = ["export", "--format", "jsonl"]
        for (words, recording, status) in [
            (["cat", "--from", behind], demo, 66), (["cat", "--to", "499"], slice, 66),
            (["cat", "--from", "499"], slice, 66),
            (["cat", "--from", "2040-01-01T00:00:00Z"], demo, 66),
            (["cat", "--to", "2020-01-01T00:00:00Z"], demo, 66),
            (["cat", "--from", "10", "--to", "5"], demo, 64),
            (["cat", "--from", "end", "--to", "start"], demo, 64),
            (export + ["--from", behind], demo, 66),
            (export + ["--from", "10", "--to", "5"], demo, 64),
            (["state", "--at", behind], demo, 66), (["state", "--at", "5"], slice, 66),
            (["replay", "--until", behind], demo, 66),
            (["slice", "-o", folder.path + "/none", "--from", behind], demo, 66),
            (["cat", "--from", "\(last)"], demo, 0), (["cat", "--from", "start"], slice, 0),
            (["cat", "--from", "end-7d", "--to", "end"], demo, 0),
            (["state", "--at", "end"], demo, 0), (["state", "--at", "\(last)"], demo, 0),
            (["state", "--at", "500"], slice, 0),
        ] as [([String], String, Int32)] {
            let outcome = try await Program.run([words[0], recording] + words.dropFirst())
            #expect(outcome.status == status, "\(words): \(outcome.errors)")
            if status == 66 {
                #expect(outcome.output.isEmpty)
                #expect(outcome.errors.contains("records "), "\(outcome.errors)")
            }
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/none"))
        let to = try await Program.run(["cat", demo, "--from", "\(last)", "--to", behind])
        #expect(to.status == 0 && to.lines.count == 1)
        #expect(to.errors.contains("ends at record \(last)"))
    }

    @Test func `a stream or symbol that no stream matches is told`() async throws {
        let (demo, _) = try await DemoTests.demo()
        for words in [["cat", "--stream", "public/liner/*"], ["cat", "--symbol", "XBT*"]] {
            let outcome = try await Program.run([words[0], demo] + words.dropFirst())
            #expect(outcome.status == 0 && outcome.output.isEmpty)
            #expect(outcome.errors.contains("no stream matches \(words[1]) '\(words[2])'"))
        }
        let export = try await Program.run(
            ["export", demo, "--format", "jsonl", "--stream", "nothing"]
        )
        #expect(export.status == 0 && export.errors.contains("no stream matches"))
        let some = try await Program.run(["cat", demo, "--stream", "desk/command"])
        #expect(some.errors.isEmpty && !some.output.isEmpty)
    }

    @Test func `verify takes a name behind two dashes`() async throws {
        let (demo, _) = try await DemoTests.demo()
        let outcome = try await Program.run(["verify", "--", demo])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func `a recording that this user may not read is named as such, and listed`()
        async throws
    {
        let (demo, _) = try await DemoTests.demo()
        let folder = try TemporaryFolder()
        let archive = folder.path + "/recordings"
        for name in ["open", "shut"] {
            try FileManager.default.createDirectory(
                atPath: archive,
                withIntermediateDirectories: true
            )
            try FileManager.default.copyItem(atPath: demo, toPath: archive + "/" + name)
        }
        let manager = FileManager.default
        for path in [folder.path, archive] {
            try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        try manager.setAttributes([.posixPermissions: 0], ofItemAtPath: archive + "/shut")
        defer {
            try? manager.setAttributes([.posixPermissions: 0o700], ofItemAtPath: archive + "/shut")
        }
        // The superuser may read everything.
        let other = getuid() == 0 ? ["setpriv", "--reuid=65534", "--clear-groups"] : ["env"]
        func run(_ words: [String]) async throws -> Program.Outcome {
            try await Program.run(
                other + [Program.path] + words,
                program: "/usr/bin/env",
                in: folder.path
            )
        }
        for name in ["shut", "recordings/shut", "shu"] {
            let cat = try await run(["cat", name])
            #expect(cat.status == 74, "\(name): \(cat.errors)")
            #expect(cat.errors.contains("this user may not read it"))
        }
        let list = try await run(["ls"])
        #expect(list.status == 0)
        #expect(list.lines.contains { $0.hasPrefix("shut ") && $0.contains("unreadable") })
        let rows = try await run(["ls", "--json"])
        #expect(rows.lines.contains { $0.contains(#""state":"unreadable""#) })
    }

    @Test func `errors of the command line say what to do in JSON too`() async throws {
        let outcome = try await Program.run(["cat", "--json", "--nothing"])
        #expect(outcome.status == 64)
        let object = try JSONSerialization.jsonObject(with: Data(outcome.errors.utf8))
        let error = (object as? [String: Any])?["error"] as? [String: Any]
        #expect((error?["todo"] as? String)?.contains("--help") == true, "\(outcome.errors)")
    }

    @Test func `ls says where each recording was made, and with which strategies`() async throws {
        let folder = try TemporaryFolder()
        let archive = folder.path + "/recordings"
        try FileManager.default.createDirectory(
            atPath: archive,
            withIntermediateDirectories: true
        )
        let session = try await SyntheticSession.record(in: folder)
        try FileManager.default.moveItem(atPath: session, toPath: archive + "/live")
        let text = try String(contentsOfFile: folder.path + "/session.yaml", encoding: .utf8)
        let endpoint = try #require(
            text.split(separator: "\n").first { $0.hasPrefix("endpoint: ") }?.dropFirst(10)
        )
        let list = try await Program.run(["ls"], in: folder.path)
        #expect(list.status == 0)
        let header = try #require(list.lines.first)
        let column = try #require(header.range(of: "ENVIRONMENT"))
        let place = header.distance(from: header.startIndex, to: column.lowerBound)
        let row = try #require(list.lines.first { $0.hasPrefix("live ") })
        #expect(row.dropFirst(place).hasPrefix(endpoint + " "), "\(list.output)")
        #expect(row.hasSuffix(" maker"), "\(list.output)")
        let rows = try await Program.run(["ls", "--json"], in: folder.path).lines.compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        let live = try #require(rows.first { $0["recording"] as? String == "live" })
        #expect(live["environment"] as? String == String(endpoint))
        #expect(live["strategies"] as? String == "maker")
    }
}
