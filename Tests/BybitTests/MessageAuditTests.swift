import JSON
import Market
import SharedData
import Testing

@testable import Bybit

/// The table of expected fields, and what is told of messages that are otherwise.
@Suite struct MessageAuditTests {
    @Test func `the table is whole: types and words exist, and every object has its place`() {
        let kinds = ExpectedFields.all
        #expect(kinds.count > 100)
        #expect(Set(kinds.map(\.name)).count == kinds.count)
        for kind in kinds {
            #expect(kind.object("") != nil, "\(kind.name)")
            #expect(Set(kind.objects.map(\.path)).count == kind.objects.count, "\(kind.name)")
            for object in kind.objects {
                #expect(Set(object.fields.map(\.name)).count == object.fields.count, "\(kind.name)")
                for field in object.fields {
                    let place = "\(kind.name) \(object.path) \(field.name)"
                    #expect(!field.types.isEmpty, "\(place)")
                    #expect(field.types.allSatisfy { "dsnb0oa".contains($0) }, "\(place)")
                    let words = field.words.isEmpty ? [""] : ExpectedWords.list(field.words)
                    #expect(words?.isEmpty == false, "\(place)")
                }
                guard !object.path.isEmpty else { continue }
                let isReached = Self.isReached(object.path, kind)
                #expect(isReached, "\(kind.name): nothing leads to \(object.path)")
            }
        }
    }

    /// True when the object that holds it has a field of that name and form.
    private static func isReached(_ path: String, _ kind: ExpectedFields.Kind) -> Bool {
        if path.hasSuffix("[]") {
            let array = String(path.dropLast(2))
            if kind.object(array) != nil { return true }
            let (holder, name) = split(array)
            return kind.object(holder)?.field(name)?.types.contains("a") == true
        }
        let (holder, name) = split(path)
        let types = kind.object(holder)?.field(name)?.types ?? []
        return types.contains("o") || types.contains("a")
    }

    private static func split(_ path: String) -> (String, String) {
        guard let point = path.lastIndex(of: ".") else { return ("", path) }
        return (String(path[..<point]), String(path[path.index(after: point)...]))
    }

    @Test func `every endpoint that is spoken has its fields`() {
        for (_, path) in Endpoints.all {
            let isThere =
                ExpectedFields.kind("reply " + path) != nil
                || ExpectedFields.kind("reply \(path) linear") != nil
            #expect(isThere, "\(path)")
        }
    }

    private static let trade =
        #"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1767225600041,"data":[{"T":1767225600040,"s":"BTCUSDT","#
        + #""S":"Sell","v":"0.010","p":"90000.00","L":"MinusTick","i":"5d3c","BT":false,"RPI":false,"seq":9}]}"#

    private static func differences(_ text: String, _ kind: String) throws -> [String] {
        var audit = MessageAudit()
        _ = try JSONParser().read(text) { audit.compare($0, kind: kind) }
        return audit.found.map { "\($0.difference.heading): \($0.difference.words)" }
    }

    @Test(arguments: [
        ("", "", [String]()),
        (#""p":"#, #""price":"#, ["unknown field: data[].price", "missing field: data[].p"]),
        (
            #""v":"0.010""#, #""v":0.010"#,
            ["other type: data[].v is a number, not a text of digits"]
        ),
        (#""v":"0.010""#, #""v":"1e-2""#, ["other type: data[].v is another text, not a decimal"]),
        (#""seq":9"#, #""seq":"9""#, ["other type: data[].seq is a text, not a number"]),
        (#""BT":false"#, #""BT":0"#, ["other type: data[].BT is a number, not true or false"]),
        (#""MinusTick""#, #""DownTick""#, [#"new value: data[].L is "DownTick""#]),
        (#""type":"snapshot""#, #""type":"full""#, [#"new value: type is "full""#]),
        (#","seq":9"#, "", ["missing field: data[].seq"]),
        (#""i":"5d3c""#, #""i":null"#, ["other type: data[].i is null, not a text"]),
        (#""data":[{"#, #""data":{"a":[{"#, ["other type: data is an object, not an array"]),
        (#""ts":"#, #""time":"#, ["unknown field: time", "missing field: ts"]),
    ])
    func `each difference is named with its field`(
        text: String,
        other: String,
        told: [String]
    ) throws {
        var changed = text.isEmpty ? Self.trade : Self.trade.replacing(text, with: other)
        if other.contains(#"{"a":[{"#) { changed = changed.replacing("}]}", with: "}]}}") }
        #expect(try Self.differences(changed, "push publicTrade linear") == told)
    }

    @Test func `a difference is told once and counted, and a kind that nobody knows is one`() throws
    {
        var audit = MessageAudit()
        let text = Self.trade.replacing("Sell", with: "Short")
        for _ in 0..<3 {
            _ = try JSONParser().read(text) { audit.compare($0, kind: "push publicTrade linear") }
        }
        #expect(audit.found.count == 1 && audit.found.first?.count == 3)
        #expect(
            try Self.differences(Self.trade, "push lottery") == ["unknown message: push lottery"]
        )
    }

    @Test(
        .enabled(if: SharedData.Shared.isPresent, "needs ../shared"),
        arguments: ["linear", "spot"]
    )
    func `a real session of the exchange differs in nothing`(category: String) throws {
        let parser = JSONParser()
        var audit = MessageAudit()
        var count = 0
        let lines = try Shared.lines("data/bybit/cryptofeed-2026-08-09/\(category).jsonl")
        for line in lines {
            let frame = try parser.read(line) { root in
                root["t"]?.string == "recv" ? root["data"]?.string : nil
            }
            guard let frame else { continue }
            let bytes = Array(frame.utf8)
            try bytes.withUnsafeBytes { bytes in
                let socket = SocketName.publicData(try #require(Category(name: category)))
                let name = StreamNaming.name(socket, frame: bytes)
                let root = try parser.root(bytes)
                let kind = MessageKind.push(name, root) ?? MessageKind.answer(socket, root)
                audit.compare(root, kind: try #require(kind))
                count += 1
            }
        }
        #expect(count > 300)
        #expect(audit.found.map { "\($0.difference)" } == [])
    }
}
