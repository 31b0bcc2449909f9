/// Fields of a JSON text that hold secrets by their name, blanked in place without reading the text as JSON.
///
/// Total: of bytes that are no JSON nothing but such fields changes.
enum SecretFields {
    /// Names in lower case, without `_` and `-`.
    private static let names = [
        "secret", "apisecret", "secretkey", "clientsecret", "apikey", "privatekey", "password",
        "passphrase", "accesstoken", "refreshtoken", "authorization", "cookie", "setcookie",
    ].map { Array($0.utf8) }
    /// In answers these are words of the market.
    private static let namesOfRequests = [
        "sign", "signature", "token", "xbapisign", "xbapiapikey",
    ].map { Array($0.utf8) }
    private static let longestName = 20

    /// Without a text made of the name: every field of every message that passes a relay comes here.
    static func isSecret(_ name: some Collection<UInt8>, isReply: Bool) -> Bool {
        guard name.count >= 4, name.count <= longestName else { return false }
        return names.contains { isSame(name, $0) }
            || (!isReply && namesOfRequests.contains { isSame(name, $0) })
    }

    /// Whether they are the same but for case, `_` and `-`.
    private static func isSame(_ name: some Collection<UInt8>, _ plain: [UInt8]) -> Bool {
        var place = 0
        for byte in name where byte != UInt8(ascii: "_") && byte != UInt8(ascii: "-") {
            let lowered = (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
            guard place < plain.count, plain[place] == lowered else { return false }
            place += 1
        }
        return place == plain.count
    }

    static func blank(_ bytes: inout [UInt8], isReply: Bool) {
        var at = 0
        while let quote = bytes[at...].firstIndex(of: UInt8(ascii: "\"")) {
            let start = quote + 1
            guard let end = end(ofString: start, bytes) else { return }
            at = end + 1
            var place = skipBlanks(at, bytes)
            guard place < bytes.count, bytes[place] == UInt8(ascii: ":"),
                isSecret(bytes[start..<end], isReply: isReply)
            else { continue }
            place = skipBlanks(place + 1, bytes)
            guard place < bytes.count else { return }
            at = blankValue(place, &bytes)
        }
    }

    /// The place behind the value.
    private static func blankValue(_ start: Int, _ bytes: inout [UInt8]) -> Int {
        if bytes[start] == UInt8(ascii: "\"") {
            let end = end(ofString: start + 1, bytes) ?? bytes.count
            for index in (start + 1)..<end { bytes[index] = UInt8(ascii: "*") }
            return min(end + 1, bytes.count)
        }
        var index = start
        while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
            // A number that begins with 0 is none.
            bytes[index] = UInt8(ascii: "1")
            index += 1
        }
        return max(index, start)
    }

    /// The place of the quote that ends a string.
    private static func end(ofString start: Int, _ bytes: [UInt8]) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\"") { return index }
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    private static func skipBlanks(_ start: Int, _ bytes: [UInt8]) -> Int {
        var index = start
        while index < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[index]) { index += 1 }
        return index
    }
}
