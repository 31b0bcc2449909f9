import Glibc

extension Credentials {
    /// Every key of a credentials file, by its sections in their order; none where there is no such file.
    ///
    /// What stands under `[proxy]` is no key: ``ProxyCredentials/read(file:variable:)``.
    ///
    /// - Parameters:
    ///   - file: `nil`: `$XDG_CONFIG_HOME/tapedeck/credentials`.
    ///   - variable: looks up an environment variable.
    public static func all(
        file: String? = nil,
        variable: (String) -> String? = Credentials.environmentVariable
    ) throws(CredentialsError) -> [Credentials] {
        let path = file ?? ownFile(variable)
        guard file != nil || access(path, F_OK) == 0 else { return [] }
        var names: [String] = []
        var bytes = try CredentialsFile.bytes(path: path, isGranted: false)
        defer { Secret.erase(&bytes) }
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let plain = line.drop { $0 == 0x20 || $0 == 0x09 }
            guard plain.first == UInt8(ascii: "["), let end = plain.firstIndex(of: 0x5d) else {
                continue
            }
            let name = plain[plain.index(after: plain.startIndex)..<end]
            guard !name.elementsEqual(ProxyCredentials.section.utf8) else { continue }
            names.append(String(decoding: name, as: UTF8.self))
        }
        return try names.map { name throws(CredentialsError) in
            try read(name: name, file: path, variable: variable)
        }
    }
}
