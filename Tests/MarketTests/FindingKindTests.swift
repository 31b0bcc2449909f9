import Market
import Testing

@Suite struct FindingKindTests {
    @Test func `each kind of finding is found again by its word, and no two have the same one`() {
        for kind in Finding.Kind.allCases { #expect(Finding.Kind(word: kind.word) == kind) }
        #expect(Finding.Kind(word: "timing") == nil && Finding.Kind(word: "") == nil)
    }

    @Test func `a tie at the opening has a word of its own, and in recordings the one it had`() {
        #expect(Finding.Kind.openingTie.word == "opening-tie")
        // Compared byte for byte, and in the hashes of version 6: not to be changed.
        #expect(Finding.Kind.openingTie.rawValue == "timing")
        for kind in Finding.Kind.allCases where kind != .openingTie {
            #expect(kind.word == kind.rawValue)
        }
    }
}
