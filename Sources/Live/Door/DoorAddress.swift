import Glibc

/// Where the operator's door of a recording is: the Unix socket `control.sock` in its directory.
enum DoorAddress {
    static let name = "control.sock"
    /// Longest path that `sockaddr_un` holds, bytes; a zero stands behind it.
    static let pathMax = 107

    static func path(in directory: String) -> String { directory + "/" + name }

    /// Hands the socket's address to a system call and gives what that returned.
    ///
    /// A path that is too long for an address is reached through the open directory.
    static func call(
        _ call: String,
        in directory: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(DoorError) {
        var path = path(in: directory)
        var folder: Int32 = -1
        if path.utf8.count > pathMax {
            folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard folder >= 0 else { throw .system(call: "open", code: errno) }
            path = "/proc/self/fd/\(folder)/" + name
        }
        defer { if folder >= 0 { close(folder) } }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
        }
        guard result == 0 else { throw .system(call: call, code: errno) }
    }

    /// A stream socket that blocks nobody.
    static func socket() throws(DoorError) -> Int32 {
        let kind = __socket_type(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(AF_UNIX, Int32(kind.rawValue), 0)
        guard descriptor >= 0 else { throw .system(call: "socket", code: errno) }
        return descriptor
    }
}

/// Why a door cannot be opened, or who stands before it gets no answer.
public enum DoorError: Error, Hashable, Sendable {
    case system(call: String, code: Int32)
    /// Something that is no socket has its name.
    case inTheWay
    /// The session went away before it had answered.
    case closed
    /// No answer within so many seconds.
    case silent(seconds: Int)
    /// What came is no answer of this protocol.
    case unreadable(String)
}

extension DoorError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let call, let code): "\(call): " + String(cString: strerror(code))
        case .inTheWay: "something that is no socket is called \(DoorAddress.name)"
        case .closed: "the session ended before it had answered"
        case .silent(let seconds): "no answer within \(seconds) s"
        case .unreadable(let why): "the answer cannot be read: \(why)"
        }
    }
}

/// The socket that a process listens on, and the file that others find it by.
struct DoorSocket {
    let descriptor: Int32
    private let directory: String
    private let device: UInt
    private let inode: UInt

    /// Binds and listens; what a killed run left under the name is taken away.
    ///
    /// The caller holds the recording's lock: no other process can be listening there.
    init(listeningIn directory: String) throws(DoorError) {
        let path = DoorAddress.path(in: directory)
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFSOCK else { throw .inTheWay }
            guard unlink(path) == 0 || errno == ENOENT else {
                throw .system(call: "unlink", code: errno)
            }
        }
        let descriptor = try DoorAddress.socket()
        do throws(DoorError) {
            // Before it has a name, so that there is no moment at which others could connect.
            fchmod(descriptor, 0o600)
            try DoorAddress.call("bind", in: directory) { Glibc.bind(descriptor, $0, $1) }
            guard chmod(path, 0o600) == 0 else { throw .system(call: "chmod", code: errno) }
            guard listen(descriptor, 16) == 0 else { throw .system(call: "listen", code: errno) }
            guard lstat(path, &status) == 0 else { throw .system(call: "lstat", code: errno) }
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.directory = directory
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
    }

    /// Takes the file away, unless it is another's by now.
    func unlinkFile() {
        let path = DoorAddress.path(in: directory)
        var status = stat()
        guard lstat(path, &status) == 0, UInt(status.st_dev) == device,
            UInt(status.st_ino) == inode
        else { return }
        unlink(path)
    }
}
