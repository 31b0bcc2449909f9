/// Where one server listens: `https://api.bybit.com`, `http://127.0.0.1:8080`.
public struct Address: Hashable, Sendable {
    public var isSecure: Bool
    /// A name, an IPv4 address, or an IPv6 address without brackets; lower case.
    public var host: String
    public var port: Int

    public init(isSecure: Bool = true, host: String, port: Int? = nil) {
        self.isSecure = isSecure
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
    }

    /// Reads `http[s]://HOST[:PORT]`, with nothing after it but one slash.
    public init(base: String) throws(AddressError) {
        // Before all else: every other error quotes the text.
        guard !base.contains("@") else { throw .userInfo }
        var rest: Substring
        let isSecure: Bool
        if base.hasPrefix("https://") {
            isSecure = true
            rest = base.dropFirst(8)
        } else if base.hasPrefix("http://") {
            isSecure = false
            rest = base.dropFirst(7)
        } else {
            throw .noScheme(base)
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var host = rest
        var port: Int?
        let afterHost: Substring
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            host = rest[rest.index(after: rest.startIndex)..<end]
            afterHost = rest[rest.index(after: end)...]
        } else {
            host = rest[..<(rest.firstIndex(of: ":") ?? rest.endIndex)]
            afterHost = rest[host.endIndex...]
        }
        if !afterHost.isEmpty {
            guard afterHost.first == ":", let number = Int(afterHost.dropFirst()),
                (1...65_535).contains(number)
            else { throw .badPort(base) }
            port = number
        }
        guard Address.isHost(host) else { throw .badHost(base) }
        self.init(isSecure: isSecure, host: host.lowercased(), port: port)
    }

    /// Only what a name or an address is made of: no user, path, query or blank can hide in it.
    private static func isHost(_ text: Substring) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 253 else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: ":"):
                true
            default: false
            }
        }
    }

    /// True for `localhost`, `127.0.0.0/8` and `::1`: what is sent there stays on this machine.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "127" else { return false }
        return parts.allSatisfy { !$0.isEmpty && $0.utf8.count <= 3 && UInt8($0) != nil }
    }

    /// True when the host is an address, which TLS does not take as a server name.
    public var isIPAddress: Bool {
        if host.contains(":") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// `HOST:PORT`, as a proxy is asked for it.
    var hostAndPort: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// `HOST` or `HOST:PORT`, as the header `Host` has it.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
}

extension Address: CustomStringConvertible {
    public var description: String { (isSecure ? "https://" : "http://") + authority }
}

/// Why a text is not an address.
public enum AddressError: Error, Hashable, Sendable, CustomStringConvertible {
    case noScheme(String)
    case badHost(String)
    case badPort(String)
    /// A user, and perhaps a password, before the host; the text is not kept, since it may hold a secret.
    case userInfo

    public var description: String {
        switch self {
        case .noScheme(let text): "\(text) is not an endpoint; write it as https://HOST:PORT"
        case .badHost(let text): "\(text) has no host name; write it as https://HOST:PORT"
        case .badPort(let text):
            "\(text) has no port from 1 to 65535; write it as https://HOST:PORT"
        case .userInfo: "no user and no password may stand in it; write it as https://HOST:PORT"
        }
    }
}
