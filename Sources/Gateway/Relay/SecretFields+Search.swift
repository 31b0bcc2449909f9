/// Whether something that should have been blanked was not.
extension SecretFields {
    /// The name of the first field that holds a secret by its name and is not blanked; `nil` where there is none.
    ///
    /// Short and empty values are words, and so are numbers: no secret is that short. Words of the market that only
    /// requests use for secrets, such as `sign`, are not looked at.
    static func firstOpen(in text: UnsafeRawBufferPointer) -> String? {
        var at = 0
        while let quote = text[at...].firstIndex(of: UInt8(ascii: "\"")) {
            let start = quote + 1
            guard let end = stringEnd(start, text) else { return nil }
            at = end + 1
            // Most strings are longer or shorter than any such name.
            guard end - start >= 5, end - start <= 20 else { continue }
            var place = at
            while place < text.count, text[place] == 0x20 { place += 1 }
            guard place < text.count, text[place] == UInt8(ascii: ":"),
                isSecret(text[start..<end], isReply: true)
            else { continue }
            place += 1
            while place < text.count, text[place] == 0x20 { place += 1 }
            guard place < text.count, text[place] == UInt8(ascii: "\""),
                let valueEnd = stringEnd(place + 1, text)
            else { continue }
            let value = text[(place + 1)..<valueEnd]
            at = valueEnd + 1
            let isOpen = value.count >= 8 && value.contains { $0 != UInt8(ascii: "*") }
            if isOpen { return String(decoding: text[start..<end], as: UTF8.self) }
        }
        return nil
    }

    private static func stringEnd(_ start: Int, _ text: UnsafeRawBufferPointer) -> Int? {
        var index = start
        while index < text.count {
            if text[index] == UInt8(ascii: "\"") { return index }
            index += text[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }
}

extension SecretScanner {
    /// The name of a field that holds a secret by its name and was not blanked; `nil` where there is none.
    public static func openField(in text: UnsafeRawBufferPointer) -> String? {
        SecretFields.firstOpen(in: text)
    }
}
