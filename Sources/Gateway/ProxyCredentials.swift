import Glibc

/// User and password for an HTTP proxy that asks for them (Basic); neither shows in any description.
///
/// - Source: RFC 7617.
public struct ProxyCredentials: Sendable {
    /// Name of their section, and of systemd's file; no key goes by it.
    public static let section = "proxy"

    private let user: Secret
    private let password: Secret

    /// - Parameters:
    ///   - user: without a colon, at which a proxy would cut it.
    ///   - password: anything without control characters; not empty.
    /// - Throws: ``GatewayError/proxyCredentials(_:)``.
    public init(user: String, password: String) throws(GatewayError) {
        var userBytes = Array(user.utf8)
        var passwordBytes = Array(password.utf8)
        try self.init(takingUser: &userBytes, password: &passwordBytes)
    }

    /// Takes copies and overwrites what it was given with zeros.
    init(takingUser user: inout [UInt8], password: inout [UInt8]) throws(GatewayError) {
        let problem =
            ProxyCredentials.problem(ofUser: user[...])
            ?? ProxyCredentials.problem(ofPassword: password[...])
        if let problem {
            Secret.erase(&user)
            Secret.erase(&password)
            throw .proxyCredentials(problem)
        }
        self.user = try Secret(taking: &user)
        self.password = try Secret(taking: &password)
    }

    /// Why a proxy could not read such a user; `nil` where it can.
    static func problem(ofUser bytes: ArraySlice<UInt8>) -> String? {
        if bytes.contains(UInt8(ascii: ":")) { return "a user has no colon" }
        return isPlain(bytes) ? nil : "the user is empty or has control characters"
    }

    static func problem(ofPassword bytes: ArraySlice<UInt8>) -> String? {
        isPlain(bytes) ? nil : "the password is empty or has control characters"
    }

    /// A line break would begin a header of its own.
    private static func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }

    /// Value of the header `Proxy-Authorization`; it must not be recorded.
    var authorization: String {
        "Basic " + String(decoding: TextCoding.base64(pair), as: UTF8.self)
    }

    /// As libcurl takes them.
    var texts: (user: String, password: String) {
        (
            user.withBytes { String(decoding: $0, as: UTF8.self) },
            password.withBytes { String(decoding: $0, as: UTF8.self) }
        )
    }

    /// What must never be written anywhere, for the scanner to make forms of.
    ///
    /// A password of letters alone may be a word of the protocol, such as `snapshot`, and a short one of digits or hexadecimal
    /// ones a part of any time or id: it would be blanked out of the market's frames, and halt the session. Of such a one only the
    /// pair is looked for, as the header has it.
    var forbidden: [[UInt8]] {
        let word = password.withBytes { Array($0) }
        let isWord = word.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
        let isNumber = word.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) || $0 == 0x2d
                || $0 == 0x2e
        }
        return isWord || isNumber && word.count < 16 ? [pair] : [pair, word]
    }

    /// Whether both say the same.
    public func isSame(as other: ProxyCredentials) -> Bool { pair == other.pair }

    /// Whether both are one reading of the file; costs nothing.
    func isIdentical(to other: ProxyCredentials) -> Bool { password === other.password }

    private var pair: [UInt8] {
        let name = user.withBytes { Array($0) }
        let word = password.withBytes { Array($0) }
        return name + [UInt8(ascii: ":")] + word
    }
}

extension ProxyCredentials: CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public var description: String { "(proxy credentials)" }
    public var debugDescription: String { "(proxy credentials)" }
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

extension ProxyCredentials {
    /// Reads user and password; `nil` where nobody wrote them, since most proxies ask for none.
    ///
    /// From the section `[proxy]` of `file` where one is given and has it; else from the file `proxy` in systemd's
    /// `$CREDENTIALS_DIRECTORY`; else, where no file is given, from that section of `$XDG_CONFIG_HOME/tapedeck/credentials`.
    ///
    /// - Parameter variable: looks up an environment variable.
    public static func read(
        file: String? = nil,
        variable: (String) -> String? = Credentials.environmentVariable
    ) throws(CredentialsError) -> ProxyCredentials? {
        if let file, let own = try read(path: file, isGranted: false) { return own }
        if let directory = variable("CREDENTIALS_DIRECTORY"), !directory.isEmpty {
            let path = directory + "/" + section
            if access(path, F_OK) == 0 { return try read(path: path, isGranted: true) }
        }
        guard file == nil else { return nil }
        let path = Credentials.ownFile(variable)
        guard access(path, F_OK) == 0 else { return nil }
        return try read(path: path, isGranted: false)
    }

    private static func read(
        path: String,
        isGranted: Bool
    ) throws(CredentialsError) -> ProxyCredentials? {
        var bytes = try CredentialsFile.bytes(path: path, isGranted: isGranted)
        defer { Secret.erase(&bytes) }
        var user: [UInt8] = []
        var password: [UInt8] = []
        defer {
            Secret.erase(&user)
            Secret.erase(&password)
        }
        let lines = CredentialsSection(file: path, wanted: section, hasSections: !isGranted)
        let wasSeen = try lines.read(bytes) { (name, value, line) throws(CredentialsError) in
            let problem: String?
            switch name {
            case "user":
                problem = ProxyCredentials.problem(ofUser: value)
                user = Array(value)
            case "password":
                problem = ProxyCredentials.problem(ofPassword: value)
                password = Array(value)
            default: problem = "unknown name; allowed are user, password"
            }
            if let problem { throw .badLine(file: path, line: line, why: problem) }
        }
        guard wasSeen else { return nil }
        for (name, isMissing) in [("user", user.isEmpty), ("password", password.isEmpty)]
        where isMissing {
            throw .noLine(file: path, name: section, key: name)
        }
        do throws(GatewayError) {
            return try ProxyCredentials(takingUser: &user, password: &password)
        } catch {
            throw .unreadable(file: path, errno: ENOMEM)
        }
    }
}
