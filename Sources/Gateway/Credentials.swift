import Glibc

/// A key with the name it goes by and the environment it belongs to.
public struct Credentials: Sendable {
    public let name: String
    /// An environment's name (``Environment``), or `loopback`.
    public let environment: String
    public let signer: Signer
    /// Where it was read from; empty for a key that was made.
    public internal(set) var file = ""

    public init(name: String, environment: String, signer: Signer) {
        self.name = name
        self.environment = environment
        self.signer = signer
    }

    /// Throws where this key must not be sent.
    public func permit(_ destination: Destination) throws(GatewayError) {
        guard destination.keyEnvironment == environment else {
            throw .keyOfOtherEnvironment(key: environment, destination: destination.description)
        }
    }

    /// Reads the key called `name`.
    ///
    /// From the section of `file` where one is given; else from the file of that name in systemd's
    /// `$CREDENTIALS_DIRECTORY`; else from the section of `$XDG_CONFIG_HOME/tapedeck/credentials`.
    ///
    /// - Parameter variable: looks up an environment variable.
    public static func read(
        name: String,
        file: String? = nil,
        variable: (String) -> String? = Credentials.environmentVariable
    ) throws(CredentialsError) -> Credentials {
        let isName = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
        }
        guard isName, !name.isEmpty, name.first != ".", name.utf8.count <= 64 else {
            throw .badName(name)
        }
        guard name != ProxyCredentials.section else { throw .reservedName(name) }
        if let file { return try read(name: name, path: file, isGranted: false) }
        if let directory = variable("CREDENTIALS_DIRECTORY"), !directory.isEmpty {
            let path = directory + "/" + name
            if access(path, F_OK) == 0 { return try read(name: name, path: path, isGranted: true) }
        }
        return try read(name: name, path: ownFile(variable), isGranted: false)
    }

    /// The credentials file of this user's configuration.
    static func ownFile(_ variable: (String) -> String?) -> String {
        var home = variable("XDG_CONFIG_HOME") ?? ""
        if home.isEmpty { home = (variable("HOME") ?? "") + "/.config" }
        return home + "/tapedeck/credentials"
    }

    public static func environmentVariable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func read(
        name: String,
        path: String,
        isGranted: Bool
    ) throws(CredentialsError) -> Credentials {
        var bytes = try CredentialsFile.bytes(path: path, isGranted: isGranted)
        defer { Secret.erase(&bytes) }
        var text = CredentialsText(file: path, wanted: name, hasSections: !isGranted)
        defer { text.erase() }
        try text.read(bytes)
        var credentials = try text.credentials()
        credentials.file = path
        return credentials
    }
}

/// A key as its section says it, in bytes that can be overwritten.
private struct CredentialsText {
    let file: String
    let wanted: String
    /// A file of systemd's holds one key and needs no section.
    let hasSections: Bool
    private var wasSeen = false
    private var key: [UInt8] = []
    private var secret: [UInt8] = []
    /// Path of a PEM file, instead of a secret.
    private var pairPath = ""
    private var environment = ""

    init(file: String, wanted: String, hasSections: Bool) {
        self.file = file
        self.wanted = wanted
        self.hasSections = hasSections
    }

    mutating func erase() {
        Secret.erase(&key)
        Secret.erase(&secret)
    }

    mutating func read(_ bytes: [UInt8]) throws(CredentialsError) {
        let section = CredentialsSection(file: file, wanted: wanted, hasSections: hasSections)
        let isThere = try section.read(bytes) { (name, value, line) throws(CredentialsError) in
            try take(name, value, number: line)
        }
        wasSeen = isThere
    }

    private mutating func take(
        _ name: String,
        _ value: ArraySlice<UInt8>,
        number: Int
    ) throws(CredentialsError) {
        guard !value.isEmpty, value.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw .badLine(file: file, line: number, why: "the value is empty or not plain text")
        }
        switch name {
        case "key": key = Array(value)
        case "secret": secret = Array(value)
        case "rsa": pairPath = String(decoding: value, as: UTF8.self)
        case "environment":
            environment = String(decoding: value, as: UTF8.self)
            let known = Environment.allCases.map(\.rawValue) + ["loopback"]
            guard known.contains(environment) else {
                throw .badLine(
                    file: file,
                    line: number,
                    why: "environment is one of " + known.joined(separator: ", ")
                )
            }
        default:
            throw .badLine(
                file: file,
                line: number,
                why: "unknown name; allowed are key, secret or rsa, environment"
            )
        }
    }

    mutating func credentials() throws(CredentialsError) -> Credentials {
        guard wasSeen else { throw .noSection(file: file, name: wanted) }
        for (name, isMissing) in [
            ("key", key.isEmpty), ("secret", secret.isEmpty && pairPath.isEmpty),
            ("environment", environment.isEmpty),
        ] where isMissing {
            throw .noLine(file: file, name: wanted, key: name)
        }
        guard pairPath.isEmpty else { return try pairCredentials() }
        do {
            let signer = Signer(key: try Secret(taking: &key), secret: try Secret(taking: &secret))
            return Credentials(name: wanted, environment: environment, signer: signer)
        } catch {
            throw .unreadable(file: file, errno: ENOMEM)
        }
    }

    /// The private key stands in a file of its own, which is opened as the credentials file is.
    private mutating func pairCredentials() throws(CredentialsError) -> Credentials {
        guard secret.isEmpty else {
            throw .badLine(file: file, line: 0, why: "[\(wanted)] has both secret and rsa")
        }
        var pem = try CredentialsFile.bytes(path: pairPath, isGranted: !hasSections)
        defer { Secret.erase(&pem) }
        do throws(GatewayError) {
            let signer = try Signer(key: try Secret(taking: &key), privateKey: &pem)
            return Credentials(name: wanted, environment: environment, signer: signer)
        } catch {
            throw .badLine(file: pairPath, line: 1, why: error.description)
        }
    }
}

/// Opens a credentials file as one opens what may have been laid there by somebody else.
enum CredentialsFile {
    /// A private key of 4096 bits is 3,272 bytes of PEM.
    static let bytesMax = 4_096

    /// - Parameter isGranted: the file is systemd's, which grants it by ACL: owner and mode say nothing.
    static func bytes(path: String, isGranted: Bool) throws(CredentialsError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw .missing(file: path)
            case ELOOP: throw .symbolicLink(file: path)
            case let code: throw .unreadable(file: path, errno: code)
            }
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(file: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular(file: path) }
        if !isGranted {
            guard status.st_uid == geteuid() else { throw .otherOwner(file: path) }
            guard status.st_mode & 0o077 == 0 else {
                throw .openToOthers(file: path, mode: UInt32(status.st_mode & 0o777))
            }
            guard status.st_nlink == 1 else { throw .linkedTwice(file: path) }
            try checkDirectory(of: path)
        }
        guard status.st_size <= bytesMax else {
            throw .tooLong(file: path, bytes: Int(status.st_size))
        }
        return try contents(descriptor, path: path)
    }

    private static func checkDirectory(of path: String) throws(CredentialsError) {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var status = stat()
        guard stat(directory, &status) == 0 else {
            throw .unreadable(file: directory, errno: errno)
        }
        // With the sticky bit, as on /tmp, others cannot replace what is ours.
        guard status.st_mode & 0o022 == 0 || status.st_mode & S_ISVTX != 0 else {
            throw .directoryOpenToOthers(directory: directory)
        }
    }

    private static func contents(
        _ descriptor: Int32,
        path: String
    ) throws(CredentialsError) -> [UInt8] {
        // One more than allowed: the file may have grown since fstat.
        var buffer = [UInt8](repeating: 0, count: bytesMax + 1)
        var count = 0
        while count < buffer.count {
            let got = buffer.withUnsafeMutableBytes { bytes in
                Glibc.read(descriptor, bytes.baseAddress?.advanced(by: count), bytes.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else {
                let code = errno
                Secret.erase(&buffer)
                throw .unreadable(file: path, errno: code)
            }
            if got == 0 { break }
            count += got
        }
        guard count <= bytesMax else {
            Secret.erase(&buffer)
            throw .tooLong(file: path, bytes: count)
        }
        buffer.removeLast(buffer.count - count)
        return buffer
    }
}
