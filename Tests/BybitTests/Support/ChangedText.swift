import Market

/// Numbers of one digit to seventeen, most with decimals; the same ones for the same seed.
struct RandomNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> String {
        state = Mix.spread(state)
        var digits = ""
        for place in 0...state % 17 { digits += String((state >> (place * 3 + 4)) % 10) }
        let decimals = Int((state >> 52) % 18)
        if decimals == 0 || decimals >= digits.count { return digits }
        return digits.dropLast(decimals) + "." + digits.suffix(decimals)
    }

    /// A level of a book, as it stands in a list.
    mutating func level() -> String {
        let (price, size) = (next(), next())
        return #"["\#(price)","\#(size)"]"#
    }
}

/// Calls `body` with the text once for each byte of it that is another one, missing or doubled.
func eachChange(of text: [UInt8], _ body: ([UInt8]) -> Void) {
    for place in text.indices {
        for byte in #"09.-+ "',:[]{}\aTbs"#.utf8 where byte != text[place] {
            var changed = text
            changed[place] = byte
            body(changed)
        }
        var shorter = text
        shorter.remove(at: place)
        body(shorter)
        var longer = text
        longer.insert(text[place], at: place)
        body(longer)
    }
}
