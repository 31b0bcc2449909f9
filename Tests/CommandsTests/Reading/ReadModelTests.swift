import Foundation
import Testing

/// What is read from a recording alone: state, orders, audit, the desk on a screen.
@Suite struct ReadModelTests {
    /// A recording of this suite's own: kept states are left in it, and thrown away.
    private static func copy(in folder: TemporaryFolder) async throws -> String {
        let (demo, _) = try await DemoTests.demo()
        let path = folder.path + "/copy"
        try FileManager.default.copyItem(atPath: demo, toPath: path)
        try? FileManager.default.removeItem(atPath: path + "/derived")
        return path
    }

    @Test func `a state is the same with kept states, with damaged ones and without them`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = try await Self.copy(in: folder)
        let first = try await Program.run(["state", path, "--json"])
        #expect(first.status == 0, "\(first.errors)")
        let kept = path + "/derived/checkpoints"
        let names = try FileManager.default.contentsOfDirectory(atPath: kept)
            .filter { $0.hasSuffix(".state") }.sorted()
        let again = try await Program.run(["state", path, "--json"])
        #expect(again.output == first.output)
        #expect(again.errors == first.errors)
        if let name = names.last {
            let file = URL(filePath: kept + "/" + name)
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: file)
            let damaged = try await Program.run(["state", path, "--json"])
            #expect(damaged.output == first.output)
            #expect(damaged.errors.contains(name), "\(damaged.errors)")
        }
        try FileManager.default.removeItem(atPath: path + "/derived")
        #expect(try await Program.run(["state", path, "--json"]).output == first.output)
        let object = first.object
        #expect((object["risk"] as? [Any])?.isEmpty == false)
        let wallets = try #require(object["wallets"] as? [[String: Any]])
        #expect(wallets.contains { ($0["equity"] as? String)?.isEmpty == false })
    }

    @Test func `--watch of a sealed recording shows its end, once, and ends`() async throws {
        let folder = try TemporaryFolder()
        let path = try await Self.copy(in: folder)
        let state = try await Program.run(["state", path, "--json"])
        let watch = try await Program.run(["state", path, "--watch", "--json"])
        #expect(watch.status == 0, "\(watch.errors)")
        #expect(watch.lines == state.lines)
        let both = try await Program.run(["state", path, "--watch", "--at", "1"])
        #expect(both.status == 64)
    }

    @Test func `every order has its states, and each hop a time`() async throws {
        let folder = try TemporaryFolder()
        let path = try await Self.copy(in: folder)
        let outcome = try await Program.run(["orders", path, "--json", "--slow"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        var latencies: [Int] = []
        var fills = 0
        for line in outcome.lines {
            let row = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            )
            #expect(row["schema"] as? String == "tapedeck.orders/1")
            let steps = try #require(row["steps"] as? [[String: Any]]).compactMap {
                $0["step"] as? String
            }
            #expect(steps.first == "decided", "\(row)")
            let times = try #require(row["nanoseconds"] as? [String: Any])
            if let word = times["first_word"] as? Int { latencies.append(word) }
            if steps.contains("filled") {
                fills += 1
                #expect(times["first_fill"] != nil || !steps.contains("sent"), "\(row)")
            }
        }
        #expect(latencies.count > 10)
        #expect(latencies == latencies.sorted(by: >))
        #expect(fills > 0)
        let text = try await Program.run(["orders", path])
        #expect(text.lines.count == outcome.lines.count + 1)
    }

    @Test func `the audit of a demo finds nothing unexplained`() async throws {
        let folder = try TemporaryFolder()
        let path = try await Self.copy(in: folder)
        let outcome = try await Program.run(["audit", path, "--json"])
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        let object = outcome.object
        #expect(object["result"] as? String == "explained")
        #expect(object["unexplained"] as? Int == 0)
        #expect((object["compared"] as? Int ?? 0) > 100)
        let text = try await Program.run(["audit", path])
        #expect(text.output.contains("nothing is unexplained"))
    }

    @Test func `where there is no terminal top prints the desk once`() async throws {
        let folder = try TemporaryFolder()
        let path = try await Self.copy(in: folder)
        let outcome = try await Program.run(["top", path, "--at", "start+10s"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(!outcome.output.contains("\u{1b}"))
        for word in ["BOOK", "ORDERS", "WALLET", "RISK", "BTCUSDT", "all "] {
            #expect(outcome.output.contains(word), "\(word)")
        }
    }
}
