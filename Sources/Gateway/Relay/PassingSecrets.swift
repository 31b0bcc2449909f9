/// What must not be recorded of one exchange, searched in its own two records and nowhere else.
///
/// A scanner that skips over what cannot be a secret has to be made first, which costs more than it saves in a record of a
/// few hundred bytes: every order waits for it. So what is short is compared byte by byte.
struct PassingSecrets: Sendable {
    /// Up to so many bytes.
    private static let short = 8 << 10

    private var texts: [[UInt8]] = []
    private var forms: [[UInt8]] = []
    /// Of each byte, whether a form begins with it.
    private var begins: [Bool] = []

    mutating func add(_ secrets: [[UInt8]]) {
        for secret in secrets where !texts.contains(secret) {
            texts.append(secret)
            for form in SecretScanner.forms(of: secret) where !forms.contains(form) {
                forms.append(form)
                if begins.isEmpty { begins = [Bool](repeating: false, count: 256) }
                if let first = form.first { begins[Int(first)] = true }
            }
        }
    }

    /// All of another's.
    mutating func add(_ others: PassingSecrets) {
        guard !texts.isEmpty else {
            self = others
            return
        }
        add(others.texts)
    }

    /// Overwrites each with `*`; lengths stay.
    func blank(_ bytes: inout [UInt8]) {
        guard !forms.isEmpty else { return }
        guard bytes.count <= PassingSecrets.short else {
            var scanner = SecretScanner()
            scanner.watch(passing: texts)
            _ = scanner.blank(&bytes)
            return
        }
        bytes.withUnsafeMutableBytes { buffer in
            var at = 0
            while at < buffer.count {
                guard begins[Int(buffer[at])], let count = match(at, UnsafeRawBufferPointer(buffer))
                else {
                    at += 1
                    continue
                }
                for index in at..<(at + count) { buffer[index] = UInt8(ascii: "*") }
                at += count
            }
        }
    }

    /// Length of the longest form that stands here.
    private func match(_ at: Int, _ bytes: UnsafeRawBufferPointer) -> Int? {
        var longest: Int?
        for form in forms
        where form[0] == bytes[at] && form.count > longest ?? 0 && at + form.count <= bytes.count {
            if bytes[at..<(at + form.count)].elementsEqual(form) { longest = form.count }
        }
        return longest
    }
}
