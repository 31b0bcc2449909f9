import Glibc

/// Reading and writing key files.
public enum KeyFile {
    private static let limit = 1 << 16

    static func read(_ path: String, isSecret: Bool) throws(JournalError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            throw code == ENOENT
                ? JournalError(.key("is not there"), file: path)
                : JournalError(.system(call: "open", code: code), file: path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw JournalError(.system(call: "fstat", code: errno), file: path)
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
            throw JournalError(.key("is not a key file"), file: path)
        }
        if isSecret {
            guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
                throw JournalError(
                    .key("is a private key that others may read; its mode must be 0600"),
                    file: path
                )
            }
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var done = 0
        while done < bytes.count {
            let space = bytes.count - done
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: done), space)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            done += count
        }
        return Array(bytes[..<done])
    }

    /// Writes a new file of this mode, synced; one that is there is never replaced.
    ///
    /// - Throws: ``JournalError``: `sealed` where the file exists, `system`.
    public static func create(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(JournalError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else {
            throw JournalError(.system(call: "open", code: errno), file: path)
        }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let rest = bytes.count - done
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), rest)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                unlink(path)
                throw JournalError(.system(call: "write", code: code), file: path)
            }
            done += count
        }
        guard fsync(descriptor) == 0 else {
            throw JournalError(.system(call: "fsync", code: errno), file: path)
        }
    }
}
