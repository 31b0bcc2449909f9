import Glibc

/// Why no key was read; each says what to do.
public enum CredentialsError: Error, Hashable, Sendable {
    /// A name with a slash or other signs that do not belong in one.
    case badName(String)
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
        case .badName, .missing, .badLine, .noSection, .noLine: 78
        }
    }
}

extension CredentialsError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badName(let name):
            "credentials \(name): a name has only letters, digits, '.', '_' and '-'"
        case .missing(let file):
            "\(file) does not exist. Write it with the lines [NAME], key = …, secret = …, "
                + "environment = testnet; then `chmod 600 \(file)`"
        case .unreadable(let file, let code):
            "\(file) cannot be read: \(String(cString: strerror(code))). It must be yours:"
                + " `chown $(id -un) \(file)`, `chmod 600 \(file)`"
        case .symbolicLink(let file): "\(file) is a symbolic link. Name the file itself"
        case .notRegular(let file): "\(file) is not a file"
        case .otherOwner(let file):
            "\(file) belongs to another user. `chown $(id -un) \(file)`"
        case .openToOthers(let file, let mode):
            "\(file) can be used by others (mode \(String(mode, radix: 8))). `chmod 600 \(file)`"
        case .directoryOpenToOthers(let directory):
            "\(directory) can be written by others. `chmod go-w \(directory)`"
        case .linkedTwice(let file): "\(file) has a second name (hard link). Keep one of them"
        case .tooLong(let file, let bytes):
            "\(file) has \(bytes) bytes; a credentials file has at most 4096"
        case .badLine(let file, let line, let why): "\(file), line \(line): \(why)"
        case .noSection(let file, let name): "\(file) has no section [\(name)]"
        case .noLine(let file, let name, let key):
            "\(file), section [\(name)]: the line `\(key) = …` is missing"
        }
    }
}
