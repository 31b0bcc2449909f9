import Foundation
import Testing

/// What `info` counts, against the records that `cat` prints.
@Suite struct InfoTests {
    private struct Row {
        var records = 0
        var bytes = 0
    }

    private static func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    /// Nanoseconds within the day of `2026-01-13T00:00:00.000000000Z`, and the day.
    private static func time(_ text: String) throws -> (day: Substring, nanoseconds: Int) {
        let parts = text.dropLast().split(separator: "T")
        let clock = try #require(parts.last).split { ":.".contains($0) }.compactMap { Int($0) }
        try #require(clock.count == 4 && text.hasSuffix("Z"))
        return (
            parts[0], ((clock[0] * 60 + clock[1]) * 60 + clock[2]) * 1_000_000_000 + clock[3]
        )
    }

    /// So many in so long, a second, with one decimal that is cut.
    private static func rate(_ records: Int, _ nanoseconds: Int) -> String {
        let tenths = records * 10_000_000_000 / nanoseconds
        return "\(tenths / 10).\(tenths % 10)"
    }

    @Test func `counts, bytes, rates and the ratio are those of the records and the files`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = try await ExportImportTests.demo(folder)
        let cat = try await Program.run(["cat", path, "--json"])
        #expect(cat.status == 0, "\(cat.errors)")
        var rows: [String: Row] = [:]
        var times: [String] = []
        for line in cat.lines {
            let record = try Self.object(line)
            let text = (record["payload"] as? String).map { Data($0.utf8) }
            let coded = (record["payload_base64"] as? String).flatMap { Data(base64Encoded: $0) }
            let stream = try #require(record["stream"] as? String)
            rows[stream, default: Row()].records += 1
            rows[stream, default: Row()].bytes += try #require(text ?? coded).count
            times.append(try #require(record["time"] as? String))
        }
        let began = try Self.time(try #require(times.first))
        let ended = try Self.time(try #require(times.last))
        let days = began.day == ended.day ? 0 : 1
        let nanoseconds = days * 86_400_000_000_000 + ended.nanoseconds - began.nanoseconds
        let bytes = rows.values.reduce(0) { $0 + $1.bytes }
        let disk = try FileManager.default.contentsOfDirectory(atPath: path).reduce(0) {
            sum,
            name in
            let facts = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
            let isFile = facts[.type] as? FileAttributeType == .typeRegular
            return sum + (isFile ? facts[.size] as? Int ?? 0 : 0)
        }
        let hundredths = bytes * 100 / disk
        let ratio = "\(hundredths / 100)." + String(hundredths % 100 + 100).dropFirst()

        let info = try await Program.run(["info", path, "--json"])
        #expect(info.status == 0, "\(info.errors)")
        let told = info.object
        #expect(told["started"] as? String == times.first)
        #expect(told["ended"] as? String == times.last)
        #expect(told["records"] as? Int == cat.lines.count)
        #expect(told["payload_bytes"] as? Int == bytes)
        #expect(told["disk_bytes"] as? Int == disk)
        #expect(told["ratio"] as? String == ratio)
        // Neither is what it is for want of anything to count.
        #expect(bytes > disk && disk > 10_000)
        let streams = try #require(told["streams"] as? [[String: Any]])
        #expect(streams.map { $0["stream"] as? String ?? "" } == rows.keys.sorted())
        let text = try await Program.run(["info", path])
        for stream in streams {
            let name = try #require(stream["stream"] as? String)
            let row = try #require(rows[name])
            let rate = Self.rate(row.records, nanoseconds)
            #expect(stream["records"] as? Int == row.records, "\(name)")
            #expect(stream["bytes"] as? Int == row.bytes, "\(name)")
            #expect(stream["per_second"] as? String == rate, "\(name)")
            let line = try #require(text.lines.first { $0.hasPrefix(name + " ") })
            let words = line.split(separator: " ")
            #expect(words[1].filter { $0 != "," } == "\(row.records)", "\(line)")
            #expect(words[2] == rate, "\(line)")
        }
        #expect(text.output.contains("on disk, \(ratio) to 1\n"), "\(text.output)")
        #expect(Set(rows.values.map { Self.rate($0.records, nanoseconds) }).count > 5)
    }

    private static let farTimes: [[UInt64]] = [
        [1, 1 << 63], [UInt64(Int64.max), .max, 0], [.max, 1, 1 << 63], [0, UInt64(Int64.max)],
    ]

    /// MCAP's times reach to 2554; ours, signed, to 2262.
    @Test(arguments: farTimes)
    func `another program's times may be as far apart as they like`(times: [UInt64]) async throws {
        let folder = try TemporaryFolder()
        var file = ForeignFile()
        file.chunk("t", times.map { Array("{\"at\":\($0)}".utf8) }, times: times)
        try file.write(to: folder.path + "/far.mcap")
        for arguments in [["info"], ["info", "--json"], ["cat"], ["verify"]] {
            let outcome = try await Program.run(arguments + ["far.mcap"], in: folder.path)
            #expect(outcome.status == 0, "\(arguments): \(outcome.output)\(outcome.errors)")
            for time in times where arguments == ["cat"] {
                #expect(outcome.output.contains("{\"at\":\(time)}"))
            }
        }
        let info = try await Program.run(["info", "far.mcap", "--json"], in: folder.path)
        #expect(info.object["records"] as? Int == times.count)
    }
}
