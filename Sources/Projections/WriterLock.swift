import Glibc

/// One writer at a time: an advisory lock that the system releases when the process ends, however it ends.
struct WriterLock: ~Copyable {
    private let descriptor: Int32

    init(path: String) throws(ProjectionError) {
        descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw .file(path: path, operation: "open", code: errno)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw code == EWOULDBLOCK
                ? .heldElsewhere(path: path) : .file(path: path, operation: "flock", code: code)
        }
    }

    borrowing func release() { flock(descriptor, LOCK_UN) }

    deinit { Glibc.close(descriptor) }
}
