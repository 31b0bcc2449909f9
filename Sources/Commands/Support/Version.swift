import CCrypto
import CCurl
import CVersion
import CZstd
import JSON
import Projections
import Runtime

/// What `--version` prints and `session/start` records.
enum Version {
    /// The product's version; CHANGELOG.md has what changed.
    static let number = "0.1.0"

    /// The commit this program was built from; `-changed` when the tree had changes.
    static let commit = String(cString: tapedeck_commit())

    static var text: String {
        """
        tapedeck \(number) (commit \(commit))
        format \(SessionStart.formatVersion), behaviour \(SessionStart.behaviourVersion)
        zstd \(String(cString: ZSTD_versionString())), \
        simdjson \(JSONParser.libraryVersion), \
        SQLite \(DeskReader.libraryVersion), \
        \(curl), \
        \(String(cString: OpenSSL_version(OPENSSL_VERSION)))
        """
    }

    private static var curl: String {
        let words = String(cString: curl_version())
        return words.split(separator: " ").first.map(String.init) ?? words
    }
}
