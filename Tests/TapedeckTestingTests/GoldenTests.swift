import Testing

@testable import TapedeckTesting

@Suite struct GoldenTests {
    @Test func `a difference shows the lines that differ, by their numbers, and no others`() {
        let old = "one\ntwo\nthree\nfour\n"
        let new = "one\n2\nthree\nfour\nfive\n"
        let text = GoldenFile.difference(from: old, to: new)
        #expect(text.contains("-2: two") && text.contains("+2: 2") && text.contains("+5: five"))
        #expect(!text.contains("one") && !text.contains("four"))
    }

    @Test func `a fixture that is not absolute lies beside the file of its test`() {
        #expect(Fixture.resolved("fixtures/a", beside: "/x/Tests/T.swift") == "/x/Tests/fixtures/a")
        #expect(Fixture.resolved("/a", beside: "/x/T.swift") == "/a")
    }

    @Test func `a recording that is not there is an error, and its replay no pass`() async {
        await #expect(throws: (any Error).self) {
            try await expectReplay(of: "fixtures/none")
        }
    }
}
