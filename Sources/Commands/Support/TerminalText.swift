/// Text as a terminal may have it.
enum TerminalText {
    /// The text on one line: control characters (below 0x20, 0x7f to 0x9f) stand as `\xNN`.
    static func line(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard isControl(scalar) else {
                line.append(scalar)
                continue
            }
            line += "\\x".unicodeScalars
            if scalar.value < 16 { line.append("0") }
            line += String(scalar.value, radix: 16).unicodeScalars
        }
        return String(line)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value)
    }
}
