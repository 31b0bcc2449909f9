import Glibc

/// Why no key was read; each says what to do.
public enum CredentialsError: Error, Hashable, Sendable {
    /// A name with a slash or other signs that do not belong in one.
    case badName(String)
    /// The name of a section that holds something else.
    case reservedName(String)
    case missing(file: String)
    /// errno of `open`, `fstat` or `read`.
    case unreadable(file: String, errno: Int32)
    case symbolicLink(file: String)
    case notRegular(file: String)
    case otherOwner(file: String)
    /// Others may read or write it: `mode` are its lowest nine bits.
    case openToOthers(file: String, mode: UInt32)
    /// Its directory lets others put another file in its place.
    case directoryOpenToOthers(directory: String)
    case linkedTwice(file: String)
    case tooLong(file: String, bytes: Int)
    case badLine(file: String, line: Int, why: String)
    case noSection(file: String, name: String)
    case noLine(file: String, name: String, key: String)

    /// Exit status: 77 when refused for safety, 78 when its text is wrong.
    public var status: Int32 {
        switch self {
        case .symbolicLink, .notRegular, .otherOwner, .openToOthers, .directoryOpenToOthers,
            .linkedTwice, .tooLong, .unreadable:
            77
        case .badName, .reservedName, .missing, .badLine, .noSection, .noLine: 78
        }
    }
}

extension CredentialsError: CustomStringConvertible {
    public var description: String { "\(place): \(what). \(advice)" }

    /// The file, directory or name that it is about.
    public var place: String {
        switch self {
        case .badName(let name), .reservedName(let name): "credentials \(name)"
        case .missing(let file), .unreadable(let file, _), .symbolicLink(let file),
            .notRegular(let file), .otherOwner(let file), .openToOthers(let file, _),
            .directoryOpenToOthers(let file), .linkedTwice(let file), .tooLong(let file, _):
            file
        case .badLine(let file, let line, _): "\(file), line \(line)"
        case .noSection(let file, _), .noLine(let file, _, _): file
        }
    }

    /// What is wrong with it.
    public var what: String {
        switch self {
        case .badName: "a name has only letters, digits, '.', '_' and '-'"
        case .reservedName(let name):
            "section [\(name)] holds user and password of the HTTP proxy, no key"
        case .missing: "no such credentials file"
        case .unreadable(_, let code): "cannot be read: \(String(cString: strerror(code)))"
        case .symbolicLink: "a symbolic link is not followed"
        case .notRegular: "not a file"
        case .otherOwner: "it belongs to another user"
        case .openToOthers(_, let mode):
            "others can use it (mode \(String(mode, radix: 8)))"
        case .directoryOpenToOthers: "others can write to this directory"
        case .linkedTwice: "it has a second name (hard link)"
        case .tooLong(_, let bytes):
            "it has \(bytes) bytes; a credentials file has at most \(CredentialsFile.bytesMax)"
        case .badLine(_, _, let why): why
        case .noSection(_, let name): "it has no section [\(name)]"
        case .noLine(_, let name, let key): "section [\(name)]: the line `\(key) = …` is missing"
        }
    }

    /// What to do now.
    public var advice: String {
        switch self {
        case .badName: "Name a section of the credentials file"
        case .reservedName: "Give the key's section another name, and name that"
        case .missing(let file):
            "Write it with the lines [NAME], key = …, secret = …, environment = testnet; then"
                + " `chmod 600 \(file)`"
        case .unreadable(let file, _):
            "It must be yours: `chown $(id -un) \(file)`, `chmod 600 \(file)`"
        case .symbolicLink: "Name the file itself"
        case .notRegular: "Name a file with the lines [NAME], key = …, secret = …, environment = …"
        case .otherOwner(let file): "`chown $(id -un) \(file)`"
        case .openToOthers(let file, _): "`chmod 600 \(file)`"
        case .directoryOpenToOthers(let directory): "`chmod go-w \(directory)`"
        case .linkedTwice: "Keep one of them"
        case .tooLong: "Keep only keys in it"
        case .badLine: "Correct the line"
        case .noSection: "Write it, or name another one"
        case .noLine(_, _, let key): "Write the line `\(key) = …`"
        }
    }
}
