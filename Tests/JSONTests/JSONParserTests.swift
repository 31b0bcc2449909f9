import JSON
import Testing

@Suite struct JSONParserTests {
    @Test(arguments: [
        "{}", "[]", " [ ] ", "0", "-0", "1", "-12.50", "1e9", "1E+9", "2.5e-3", "true", "false",
        "null",
        #""""#, #""a""#, #""\u0041\n\"\\\/""#, #""\ud83d\ude00""#, "\"é😀\"", "[1,[2,[3]],{}]",
        #"{"a":{"b":[{"c":null}]},"":1}"#, "\t\r\n {\"a\" : [ 1 , 2 ] }\n",
        String(repeating: "9", count: 400), #"{"a":1,"a":2}"#,
    ])
    func `a JSON text is read`(text: String) throws {
        try JSONParser().read(text) { root in
            #expect(!root.raw.isEmpty || root.string == "")
            #expect(root.path == "")
        }
    }

    static let broken: [(text: String, word: String)] = [
        ("", "empty"), ("   ", "empty"), ("{", "cut short"), ("[", "cut short"),
        ("[1", "cut short"), ("[1,", "cut short"), (#"{"a""#, "cut short"),
        (#"{"a":"#, "cut short"),
        (#"{"a":1,"#, "cut short"), (#"{"a":1"#, "cut short"), (#"""#, "not closed"),
        (#"{"a":"b}"#, "not closed"), ("]", "out of place"), ("[1}", "out of place"),
        ("{]", "out of place"), ("[,1]", "out of place"), ("[1,]", "out of place"),
        ("[1 2]", "out of place"), (#"{"a" 1}"#, "out of place"), (#"{1:2}"#, "out of place"),
        (#"{"a":1,}"#, "out of place"), (#"{"a":1 "b":2}"#, "out of place"),
        (#""a" "b""#, "follows"), ("1 2", "follows"), ("{} x", "follows"), ("[]]", "follows"),
        ("01", "number"), ("-", "number"), ("1.", "number"), (".5", "out of place"),
        ("1e", "number"), ("1e+", "number"), ("+1", "out of place"), ("0x10", "number"),
        ("1\"a\"", "number"), ("--1", "number"), ("1.2.3", "number"), ("12a", "number"),
        ("tru", "word"), ("True", "out of place"), ("nulll", "word"), ("falsy", "word"),
        ("NaN", "out of place"), ("Infinity", "out of place"), ("'a'", "out of place"),
        (#""\x""#, "escape"), (#""\u12g4""#, "escape"), (#""\u12""#, "escape"),
        (#""\ud800""#, "escape"), (#""\udc00""#, "escape"), (#"{"\q":1}"#, "escape"),
        ("\"a\nb\"", "control"), ("\"a\u{1}b\"", "control"), ("\u{feff}{}", "out of place"),
        ("{} \u{0}", "follows"), ("\u{0}", "out of place"), (#""a"true"#, "follows"),
        (#"["a"1]"#, "out of place"), (#"{"a":"b""c":1}"#, "out of place"),
    ]

    @Test(arguments: broken)
    func `what is not JSON is refused with a word`(text: String, word: String) {
        #expect {
            try JSONParser().read(text) { _ in }
        } throws: { error in
            guard let error = error as? JSONError, case .syntax(let why) = error.reason else {
                return false
            }
            return why.contains(word)
        }
    }

    @Test(
        arguments: [
            ([0x22, 0xff, 0x22], 1), ([0x22, 0xc0, 0xaf, 0x22], 1),
            ([0x22, 0x61, 0xed, 0xa0, 0x80, 0x22], 2),
            ([0x22, 0xf5, 0x80, 0x80, 0x80, 0x22], 1), ([0x22, 0xe2, 0x82, 0x22], 1),
            ([0x5b, 0x80, 0x5d], 1),
        ] as [([UInt8], Int)]
    )
    func `bytes that are not UTF-8 are named by their offset`(bytes: [UInt8], offset: Int) {
        #expect(throws: JSONError(.notUTF8, offset: offset)) {
            try JSONParser().read(bytes) { _ in }
        }
    }

    @Test(arguments: [("[", "]"), (#"{"a":"#, "}")])
    func `containers may be 64 deep and no deeper`(open: String, close: String) throws {
        let parser = JSONParser()
        let at = { (depth: Int) in
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        try parser.read(at(64)) { root in #expect(root.count == 1) }
        #expect(throws: (any Error).self) { try parser.read(at(65)) { _ in } }
        // Deep nesting costs no stack, however deep.
        #expect {
            try parser.read(String(repeating: open, count: 1_000_000)) { _ in }
        } throws: { ($0 as? JSONError)?.reason == .tooDeep }
    }

    @Test func `every prefix of a text is refused, and the parser reads on`() throws {
        let text = Array(
            #"{"topic":"order","data":[{"qty":"0.010","n":-1.5e3,"f":false,"é":null}]}"#.utf8
        )
        let parser = JSONParser()
        for end in 0..<text.count {
            #expect(throws: JSONError.self) { try parser.read(Array(text[..<end])) { _ in } }
        }
        try parser.read(text) { root in #expect(root["topic"]?.string == "order") }
    }

    @Test func `an error says the byte`() {
        #expect(throws: JSONError(.syntax("a number is malformed"), offset: 9)) {
            try JSONParser().read(#"{"a":[1, 0x2]}"#) { _ in }
        }
        #expect(throws: JSONError(.syntax("the text is cut short"), offset: 6)) {
            try JSONParser().read(#"{"a":1"#) { _ in }
        }
    }

    @Test func `a text of a million values is read with the same parser as a small one`() throws {
        let parser = JSONParser()
        let many = "[" + String(repeating: "1,", count: 999_999) + "1]"
        for _ in 0..<2 {
            try parser.read(many) { root in #expect(root.count == 1_000_000) }
            try parser.read("[7]") { root in #expect(root[0]?.int64 == 7) }
        }
    }

    @Test func `a text beyond the largest size is refused before it is read`() {
        let text = [UInt8](repeating: 0x20, count: 64 << 20 + 1)
        #expect(throws: JSONError(.tooLarge, offset: 0)) { try JSONParser().read(text) { _ in } }
    }
}
