/// The words of a payload, without reading it as JSON: lines, bodies, queries and frames alike.
///
/// A word is a run of letters, digits, `-` and `_`; the two digits of `%3A` and the letter of `\n` belong to none. Of the
/// values of JSON names and of a query's items it is known what they are called.
struct PayloadTokens {
    /// A word and where it stands.
    struct Word {
        var range: Range<Int>
        /// The name of the value that it stands in; of a query's item the item's name.
        var name: String
        /// It is all of its value.
        var isWhole: Bool
        /// It is a name itself.
        var isName: Bool
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Calls `body` for each word, in order.
    static func each(_ bytes: UnsafeRawBufferPointer, _ body: (Word) -> Void) {
        var name = ""
        var place = 0
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                let start = place + 1
                var end = start
                while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
                    end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
                }
                end = min(end, bytes.count)
                var next = end + 1
                while next < bytes.count, bytes[next] == 0x20 { next += 1 }
                if next < bytes.count, bytes[next] == UInt8(ascii: ":") {
                    name = String(decoding: bytes[start..<end], as: UTF8.self)
                    words(bytes, start..<end, name, isName: true, body)
                } else {
                    words(bytes, start..<end, name, isName: false, body)
                }
                place = end + 1
            } else if isPart(byte) {
                let start = place
                while place < bytes.count, isPart(bytes[place]) || bytes[place] == UInt8(ascii: ".")
                {
                    place += 1
                }
                words(bytes, start..<place, name, isName: false, body)
            } else {
                place += 1
            }
        }
    }

    /// All of a payload, in order: its words, and what stands before, between and behind them.
    static func parts(of bytes: UnsafeRawBufferPointer) -> [String] {
        var parts: [String] = []
        var place = 0
        each(bytes) { word in
            parts.append(String(decoding: bytes[place..<word.range.lowerBound], as: UTF8.self))
            parts.append(String(decoding: bytes[word.range], as: UTF8.self))
            place = word.range.upperBound
        }
        parts.append(String(decoding: bytes[place...], as: UTF8.self))
        return parts
    }

    private static func words(
        _ bytes: UnsafeRawBufferPointer,
        _ value: Range<Int>,
        _ name: String,
        isName: Bool,
        _ body: (Word) -> Void
    ) {
        var item = name
        var place = value.lowerBound
        while place < value.upperBound {
            guard isPart(bytes[place]) else {
                switch bytes[place] {
                // A sign that a URL cannot bear, as `%3A`.
                case UInt8(ascii: "%") where place + 2 < value.upperBound: place += 3
                // A sign that a text cannot bear, as the end of a line.
                case UInt8(ascii: "\\"): place += 2
                default: place += 1
                }
                continue
            }
            let start = place
            while place < value.upperBound, isPart(bytes[place]) { place += 1 }
            let range = start..<place
            if name == "query", place < value.upperBound, bytes[place] == UInt8(ascii: "=") {
                item = String(decoding: bytes[range], as: UTF8.self)
                body(Word(range: range, name: name, isWhole: false, isName: true))
                continue
            }
            let isItem =
                name == "query"
                && (place == value.upperBound || bytes[place] == UInt8(ascii: "&"))
                && start > value.lowerBound && bytes[start - 1] == UInt8(ascii: "=")
            body(
                Word(range: range, name: item, isWhole: range == value || isItem, isName: isName)
            )
        }
    }
}
