/// The last line before the journal: finds a live key, secret or recent signature in bytes, and blanks it.
///
/// Raw, as hex of either case, and as Base64 at any of its three alignments. The search skips ahead by the last
/// two bytes of a window (Wu and Manber), so that most bytes are never looked at.
public struct SecretScanner: ~Copyable {
    private var patterns: [[UInt8]] = []
    /// How far the window may move on when it ends with these two bytes; 0: compare with the patterns.
    private var shifts: [UInt8] = []
    /// Length of the window: of the shortest pattern.
    private var window = SecretScanner.shortest
    private var signers: [(signer: Signer, seen: Int)] = []
    /// Patterns of keys and secrets; those of signatures come after them.
    private var lasting = 0

    /// Shorter secrets are not searched: they would be found everywhere.
    static let shortest = 8
    /// Bytes of an HMAC; no form of any signature is shorter.
    private static let shortestSignature = 32
    private static let signaturesMax = 512

    public init() {}

    /// From here on, everything that this signer holds and makes is searched.
    public mutating func watch(_ signer: Signer) {
        var added: [[UInt8]] = []
        signer.withForbidden { key, secret in
            added += SecretScanner.forms(of: Array(key))
            added += SecretScanner.forms(of: Array(secret))
        }
        for piece in signer.privatePieces { added += SecretScanner.forms(of: piece) }
        patterns.insert(contentsOf: added, at: lasting)
        lasting += added.count
        signers.append((signer, 0))
        rebuild()
    }

    /// The same for the password of a proxy, alone and as it stands in the header.
    public mutating func watch(_ proxy: ProxyCredentials) {
        let added = proxy.forbidden.flatMap { SecretScanner.forms(of: $0) }
        patterns.insert(contentsOf: added, at: lasting)
        lasting += added.count
        rebuild()
    }

    /// The same for texts that somebody else holds: for good, or as a signature, for a while.
    mutating func watch(passing text: [UInt8], isLasting: Bool) {
        let added = SecretScanner.forms(of: text)
        if isLasting {
            patterns.insert(contentsOf: added, at: lasting)
            lasting += added.count
            rebuild()
        } else {
            add(passing: added)
        }
    }

    /// Several at once, for good.
    mutating func watch(passing texts: [[UInt8]]) {
        for text in texts { patterns += SecretScanner.forms(of: text) }
        lasting = patterns.count
        rebuild()
    }

    /// True when nothing is watched, so that scanning is free.
    public var isIdle: Bool { patterns.isEmpty }

    /// How many forbidden texts `bytes` holds; each is overwritten with `*`, length kept.
    public mutating func blank(_ bytes: inout [UInt8]) -> Int {
        takeSignatures()
        return bytes.withUnsafeMutableBytes { buffer in
            var hits = 0
            var offset = 0
            while let hit = find(in: UnsafeRawBufferPointer(buffer), from: offset) {
                for index in hit { buffer[index] = UInt8(ascii: "*") }
                hits += 1
                offset = hit.upperBound
            }
            return hits
        }
    }

    /// The same for a text, such as what the exchange says of a request: it may quote the key.
    public mutating func blank(_ text: inout String) -> Int {
        guard !isIdle, !text.isEmpty else { return 0 }
        var bytes = Array(text.utf8)
        let hits = blank(&bytes)
        if hits > 0 { text = String(decoding: bytes, as: UTF8.self) }
        return hits
    }

    /// True when `bytes` hold a forbidden text.
    public mutating func finds(in bytes: UnsafeRawBufferPointer) -> Bool {
        takeSignatures()
        return find(in: bytes, from: 0) != nil
    }

    private func find(in bytes: UnsafeRawBufferPointer, from start: Int) -> Range<Int>? {
        guard !patterns.isEmpty else { return nil }
        var end = start + window
        while end <= bytes.count {
            let shift = shifts[Int(bytes[end - 2]) << 8 | Int(bytes[end - 1])]
            if shift > 0 {
                end += Int(shift)
                continue
            }
            let begin = end - window
            for pattern in patterns where begin + pattern.count <= bytes.count {
                if bytes[begin..<(begin + pattern.count)].elementsEqual(pattern) {
                    return begin..<(begin + pattern.count)
                }
            }
            end += 1
        }
        return nil
    }

    private mutating func takeSignatures() {
        var added: [[UInt8]] = []
        for index in signers.indices {
            let (digests, count) = signers[index].signer.signatures(since: signers[index].seen)
            signers[index].seen = count
            for digest in digests { added += SecretScanner.forms(of: digest) }
        }
        add(passing: added)
    }

    private mutating func add(passing added: [[UInt8]]) {
        guard !added.isEmpty else { return }
        patterns += added
        // A shorter one than all before needs a shorter window.
        if shifts.isEmpty || added.contains(where: { $0.count < window }) { rebuild() }
        if patterns.count - lasting > SecretScanner.signaturesMax {
            patterns.removeSubrange(lasting..<(patterns.count - SecretScanner.signaturesMax / 2))
            rebuild()
        } else if added.contains(where: { $0.count < window }) {
            // A long key and a long secret: signatures are the shortest of all.
            rebuild()
        } else {
            for pattern in added { lower(for: pattern) }
        }
    }

    private mutating func rebuild() {
        let least = patterns.map(\.count).min() ?? SecretScanner.shortest
        // Not wider than what comes later: signatures, of 32 bytes or more.
        window = min(least, SecretScanner.shortestSignature)
        shifts = [UInt8](repeating: UInt8(window - 1), count: 65_536)
        for pattern in patterns { lower(for: pattern) }
    }

    private mutating func lower(for pattern: [UInt8]) {
        for index in 1..<window {
            let pair = Int(pattern[index - 1]) << 8 | Int(pattern[index])
            shifts[pair] = min(shifts[pair], UInt8(window - 1 - index))
        }
    }

    /// The ways in which `bytes` may stand in a text.
    static func forms(of bytes: [UInt8]) -> [[UInt8]] {
        guard bytes.count >= shortest else { return [] }
        let hex = TextCoding.hex(bytes)
        var forms = [bytes, hex, hex.map { (97...102).contains($0) ? $0 - 32 : $0 }]
        // With 0, 1 or 2 bytes before it, without the digits that other bytes have a part in.
        for lead in 0..<3 {
            let text = TextCoding.base64([UInt8](repeating: 0, count: lead) + bytes)
            let first = (lead * 8 + 5) / 6
            let last = (lead + bytes.count) * 8 / 6
            forms.append(Array(text[first..<last]))
        }
        return forms.filter { $0.count >= shortest }
    }
}
