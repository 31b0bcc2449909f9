import Foundation

/// Searches what a session leaves behind for secrets, in every form in which they may stand there.
struct SecretHunt {
    struct Needle {
        var secret: String
        var form: String
        var bytes: Data
    }

    struct Find: CustomStringConvertible {
        var place: String
        var secret: String
        var form: String
        var description: String { "\(secret) \(form) in \(place)" }
    }

    private(set) var needles: [Needle] = []

    /// - Parameter secrets: by a name that a finding may say.
    init(_ secrets: [(String, Data)]) {
        for (name, bytes) in secrets {
            for (form, text) in SecretHunt.forms(of: bytes) where text.count >= 8 {
                needles.append(Needle(secret: name, form: form, bytes: text))
            }
        }
    }

    func search(_ text: Data, at place: String) -> [Find] {
        needles.filter { text.range(of: $0.bytes) != nil }.map {
            Find(place: place, secret: $0.secret, form: $0.form)
        }
    }

    func search(_ texts: [(place: String, text: Data)]) -> [Find] {
        texts.flatMap { search($0.text, at: $0.place) }
    }

    /// Raw, hexadecimal of both cases, Base64 at each alignment and with both alphabets, percent-escaped, JSON-escaped.
    static func forms(of bytes: Data) -> [(String, Data)] {
        let hex = bytes.map { String(format: "%02x", $0) }.joined()
        var forms = [
            ("raw", bytes), ("hexadecimal", Data(hex.utf8)),
            ("upper-case hexadecimal", Data(hex.uppercased().utf8)),
        ]
        for lead in 0..<3 {
            // Digits that neighbours have a part in are left out.
            let text = (Data(repeating: 0, count: lead) + bytes).base64EncodedString()
            let first = (lead * 8 + 5) / 6
            let last = (lead + bytes.count) * 8 / 6
            let digits = String(Array(text)[first..<last])
            forms.append(("Base64 behind \(lead) bytes", Data(digits.utf8)))
            let other = digits.replacing("+", with: "-").replacing("/", with: "_")
            if other != digits {
                forms.append(("Base64 for URLs behind \(lead) bytes", Data(other.utf8)))
            }
        }
        if let text = String(data: bytes, encoding: .utf8) {
            let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
            let escaped = text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
            let all = text.utf8.map { String(format: "%%%02X", $0) }.joined()
            forms.append(("percent-escaped throughout", Data(all.utf8)))
            var slashed: [(String, String)] = []
            // A frame that is quoted in another is escaped again.
            for (count, word) in [(1, "JSON-escaped"), (2, "JSON-escaped twice")] {
                let escape = String(repeating: "\\", count: count)
                let points = text.utf16.map { escape + String(format: "u%04x", $0) }.joined()
                forms.append((word + " throughout", Data(points.utf8)))
                slashed.append((word, text.replacing("/", with: escape + "/")))
            }
            for (name, other) in [
                ("percent-escaped", escaped),
                ("percent-escaped in lower case", SecretHunt.lowerEscapes(escaped)),
            ] + slashed where other != text {
                forms.append((name, Data(other.utf8)))
            }
        }
        return forms
    }

    private static func lowerEscapes(_ text: String) -> String {
        text.replacing(/%[0-9A-F]{2}/) { String($0.output).lowercased() }
    }
}
