import Market
import Testing
import Trading

@Suite struct CanonicalTests {
    struct Leg: Codable, Hashable {
        var price: Price
        var size: Numeral
        var note: String?
    }

    enum Mood: Codable, Hashable {
        case calm
        case hurried(by: Int, note: String?)
    }

    final class Base: Codable {
        var depth = 3
    }

    struct State: Codable, Hashable {
        var name = "mäker\n"
        var flags = [true, false]
        var least = Int64.min
        var most = UInt64.max
        var small: Int8 = -128
        var wide = Int128.max
        var wides: [Int128] = [.min, 5]
        var unsigned = UInt128(7)
        var money = Amount(units: 1_500_000_000_000_000_001)
        var legs: [Leg] = []
        var nested: [[Int]] = [[], [1, -2], [3]]
        var maybe: [Int?] = [1, nil, 3]
        var mood = Mood.hurried(by: 7, note: nil)
        var instrument = InstrumentID(.linear, Symbol("BTCUSDT") ?? .none)
        var side = Side.sell
        var due = Timestamp(nanoseconds: 5)
        var table = OrderedTable<String, Int>()
    }

    private func state() throws -> State {
        var state = State()
        state.legs = [
            Leg(price: Price(units: 900_000), size: try Numeral(text: "0.010"), note: nil),
            Leg(price: Price(units: -5), size: try Numeral(text: "-0.00"), note: "x"),
        ]
        state.table["b"] = 2
        state.table["a"] = 1
        return state
    }

    @Test func `a checkpoint reads back as the same state`() throws {
        let state = try state()
        let bytes = try CanonicalEncoder().checkpoint(state)
        let again = try CanonicalDecoder().decode(State.self, from: bytes)
        #expect(again == state)
        #expect(try CanonicalEncoder().checkpoint(again) == bytes)
        #expect(try CanonicalEncoder().hash(again) == CanonicalEncoder().hash(state))
        // Text, not value: a quantity goes to the wire as it was written.
        #expect(again.legs[0].size.description == "0.010")
        #expect(again.legs[1].size.description == "-0.00")
    }

    @Test func `the hash is the same in every process`() throws {
        // Computed once. If it changes, the encoding has: count up its versions.
        let hash = try CanonicalEncoder().hash(state())
        #expect(hash == CanonicalTests.known)
    }

    static let known: UInt64 = 6_026_469_363_248_060_245

    @Test func `a long state hashes by all its parts`() throws {
        var numbers = Array(0..<10_000)
        let before = try CanonicalEncoder().hash(numbers)
        numbers[9_999] += 1
        #expect(try CanonicalEncoder().hash(numbers) != before)
        numbers[9_999] -= 1
        #expect(try CanonicalEncoder().hash(numbers) == before)
        numbers.swapAt(3, 4)
        #expect(try CanonicalEncoder().hash(numbers) != before)
    }

    // MARK: What is refused

    struct Unordered: Codable {
        var inner = [Inner()]
        struct Inner: Codable { var prices: [String: Int] = ["a": 1] }
    }

    struct OptionalSet: Codable { var seen: Set<Int>? = [1] }
    struct Floating: Codable { var factor = 0.5 }
    struct FloatList: Codable { var factors: [Float] = [1] }
    struct Nothing: Codable {
        struct Empty: Codable { func encode(to encoder: any Encoder) throws {} }
        var empty = Empty()
    }

    @Test func `a dictionary is refused with the way to it`() {
        let error = #expect(throws: CanonicalError.self) {
            try CanonicalEncoder().hash(Unordered())
        }
        #expect(
            error == .unordered(path: "inner[0].prices", type: "Dictionary<String, Int>")
        )
        #expect(error?.description.contains("OrderedTable") == true)
    }

    @Test func `a set is refused, in an optional and at the root too`() {
        #expect(throws: CanonicalError.unordered(path: "seen", type: "Set<Int>")) {
            try CanonicalEncoder().checkpoint(OptionalSet())
        }
        #expect(throws: CanonicalError.unordered(path: "state", type: "Set<Int>")) {
            try CanonicalEncoder().hash(Set([1]))
        }
        #expect(throws: CanonicalError.self) {
            try CanonicalEncoder().hash([["a": 1]])
        }
    }

    @Test func `floating point is refused with the way to it`() {
        #expect(throws: CanonicalError.floatingPoint(path: "factor")) {
            try CanonicalEncoder().hash(Floating())
        }
        #expect(throws: CanonicalError.floatingPoint(path: "factors[0]")) {
            try CanonicalEncoder().hash(FloatList())
        }
    }

    @Test func `a value that writes nothing is refused`() {
        #expect(throws: CanonicalError.empty(path: "empty", type: "Empty")) {
            try CanonicalEncoder().hash(Nothing())
        }
    }

    struct Interleaved: Encodable {
        enum Key: String, CodingKey { case a, b }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            var first = container.nestedUnkeyedContainer(forKey: .a)
            try first.encode(1)
            try container.encode(2, forKey: .b)
            try first.encode(3)
        }
    }

    @Test func `writing into a container that has ended is refused`() {
        #expect(throws: CanonicalError.interleaved(path: "b")) {
            try CanonicalEncoder().hash(Interleaved())
        }
    }

    // MARK: Differences

    @Test func `a difference names exactly the fields that differ`() throws {
        let left = try state()
        var right = left
        right.legs[1].price = Price(units: 7)
        right.legs[0].note = "new"
        right.maybe[1] = 2
        right.money = .zero
        let found = try CanonicalEncoder().differences(between: left, and: right)
        #expect(
            found == [
                FieldDifference(path: "money", left: "1.500000000000000001", right: "0"),
                FieldDifference(path: "legs[1].price", left: "-5", right: "7"),
                FieldDifference(path: "maybe[1]", left: "nil", right: "2"),
                FieldDifference(path: "legs[0].note", left: nil, right: "new"),
            ]
        )
        #expect(try CanonicalEncoder().differences(between: left, and: left).isEmpty)
    }

    @Test func `lists of other lengths differ in what only one has`() throws {
        let found = try CanonicalEncoder().differences(between: [1, 2], and: [1, 2, 3])
        #expect(found == [FieldDifference(path: "[2]", left: nil, right: "3")])
    }

    // MARK: Bad bytes

    @Test func `every cut of a checkpoint is an error and never a trap`() throws {
        let bytes = try CanonicalEncoder().checkpoint(state())
        for count in 0..<bytes.count {
            #expect(throws: (any Error).self) {
                try CanonicalDecoder().decode(State.self, from: Array(bytes[..<count]))
            }
        }
        #expect(throws: CanonicalError.trailing(count: 1)) {
            try CanonicalDecoder().decode(State.self, from: bytes + [0])
        }
    }

    @Test func `every changed byte is an error or another state, never a trap`() throws {
        let state = try state()
        let bytes = try CanonicalEncoder().checkpoint(state)
        var refused = 0
        for place in bytes.indices {
            for change: UInt8 in [1, 0x80, 0xff] {
                var changed = bytes
                changed[place] ^= change
                do {
                    _ = try CanonicalDecoder().decode(State.self, from: changed)
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > bytes.count)
    }

    struct Other: Codable { var name: Int }

    @Test func `another type than was written is an error with the way to it`() throws {
        let bytes = try CanonicalEncoder().checkpoint(State())
        #expect(throws: CanonicalError.mismatch(path: "name", expected: "whole number")) {
            try CanonicalDecoder().decode(Other.self, from: bytes)
        }
        let number = try CanonicalEncoder().checkpoint(["size": 300].map(\.value))
        #expect(throws: CanonicalError.range(path: "[0]")) {
            try CanonicalDecoder().decode([UInt8].self, from: number)
        }
        struct Missing: Codable { var absent: Int }
        #expect(throws: CanonicalError.missing(path: "absent")) {
            try CanonicalDecoder().decode(Missing.self, from: bytes)
        }
    }

    @Test func `an error deep in a state has the whole way to it`() throws {
        let bytes = try CanonicalEncoder().checkpoint(state())
        struct Deep<Inner: Codable>: Codable { var legs: [Inner] }
        struct Word: Codable { var price: String }
        #expect(throws: CanonicalError.mismatch(path: "legs[0].price", expected: "text")) {
            try CanonicalDecoder().decode(Deep<Word>.self, from: bytes)
        }
        struct Absent: Codable { var absent: Int }
        #expect(throws: CanonicalError.missing(path: "legs[0].absent")) {
            try CanonicalDecoder().decode(Deep<Absent>.self, from: bytes)
        }
        struct Small: Codable { var nested: [[UInt8]] }
        #expect(throws: CanonicalError.range(path: "nested[1][1]")) {
            try CanonicalDecoder().decode(Small.self, from: bytes)
        }
        struct Lists: Codable { var wides: [[Int]] }
        #expect(throws: CanonicalError.mismatch(path: "wides[0]", expected: "list")) {
            try CanonicalDecoder().decode(Lists.self, from: bytes)
        }
    }

    /// Asks for its fields in another order than they were written in, and for one twice.
    struct Reversed: Decodable {
        var values: [Int] = []
        enum Key: String, CodingKey { case a, ab, b, absent }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            #expect(container.allKeys == [.a, .ab, .b])
            #expect(!container.contains(.absent))
            for key in [Key.b, .ab, .a, .b, .b] {
                values.append(try container.decode(Int.self, forKey: key))
            }
        }
    }

    @Test func `fields are found in any order`() throws {
        struct Written: Encodable {
            var a = 1
            var ab = 2
            var b = 3
        }
        let bytes = try CanonicalEncoder().checkpoint(Written())
        #expect(
            try CanonicalDecoder().decode(Reversed.self, from: bytes).values == [3, 2, 1, 3, 3]
        )
    }
}
