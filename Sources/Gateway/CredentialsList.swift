import Glibc

extension Credentials {
    /// Every key of a credentials file, by its sections in their order; none where there is no such file.
    ///
    /// - Parameters:
    ///   - file: `nil`: `$XDG_CONFIG_HOME/tapedeck/credentials`.
    ///   - variable: looks up an environment variable.
    public static func all(
        file: String? = nil,
        variable: (String) -> String? = Credentials.environmentVariable
    ) throws(CredentialsError) -> [Credentials] {
        var home = variable("XDG_CONFIG_HOME") ?? ""
        if home.isEmpty { home = (variable("HOME") ?? "") + "/.config" }
        let path = file ?? home + "/tapedeck/credentials"
        guard file != nil || access(path, F_OK) == 0 else { return [] }
        var names: [String] = []
        var bytes = try CredentialsFile.bytes(path: path, isGranted: false)
        defer { Secret.erase(&bytes) }
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let plain = line.drop { $0 == 0x20 || $0 == 0x09 }
            guard plain.first == UInt8(ascii: "["), let end = plain.firstIndex(of: 0x5d) else {
                continue
            }
            names.append(
                String(decoding: plain[plain.index(after: plain.startIndex)..<end], as: UTF8.self)
            )
        }
        return try names.map { name throws(CredentialsError) in
            try read(name: name, file: path, variable: variable)
        }
    }
}
