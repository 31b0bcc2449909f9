import Market

/// Proves a recording: checksums, chain, numbers without holes, commits, counts, manifest.
public enum Verifier {
    /// Reads all of it, one chunk at a time.
    ///
    /// - Parameters:
    ///   - path: a recording's directory, or one MCAP file (then without HEAD and manifest).
    ///   - key: whose signature is asked for; without one a signature must only be that of the key it names.
    ///   - entering: called with each segment's name before it is read.
    ///   - progress: bytes read so far and in all, called after each chunk.
    /// - Throws: ``JournalError`` only where nothing can be judged: missing, no recording, newer format.
    public static func verify(
        _ path: String,
        files: any JournalFiles = SystemFiles(),
        key: PublicKey? = nil,
        entering: (_ file: String) -> Void = { _ in },
        progress: (_ read: UInt64, _ all: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> Verification {
        var tries = 5
        while true {
            tries -= 1
            do throws(JournalError) {
                var audit = try Audit(path, files)
                try audit.run(key, entering, progress)
                // A recorder that prunes beside us took a segment away while it was read.
                if tries == 0 || audit.result.findings.isEmpty || !audit.hasLostSegments {
                    return audit.result
                }
            } catch {
                guard tries > 0, error.reason == .missing, error.file.hasSuffix(".mcap") else {
                    throw error
                }
            }
        }
    }
}
