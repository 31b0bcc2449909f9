import CSandbox
import Glibc
import Testing

@Suite struct SandboxTests {
    /// Runs `body` in a child process and gives its result, a byte.
    ///
    /// The child has this thread alone, and locks of the runtime that another thread held at the fork stay held in it:
    /// one that stands still is ended and made anew.
    private func inChild(_ body: () -> Int32) throws -> Int32 {
        // Swift hides fork, since most of what it can do in a child is wrong.
        typealias Fork = @convention(c) () -> pid_t
        let symbol = try #require(dlsym(nil, "fork"))
        for _ in 0..<10 {
            let child = unsafeBitCast(symbol, to: Fork.self)()
            if child == 0 { _exit(body()) }
            var status: Int32 = 0
            var waits = 0
            while waitpid(child, &status, WNOHANG) != child, waits < 10_000 {
                usleep(500)
                waits += 1
            }
            guard waits < 10_000 else {
                kill(child, SIGKILL)
                waitpid(child, &status, 0)
                continue
            }
            try #require(status & 0x7f == 0, "the child was killed")
            return status >> 8 & 0xff
        }
        struct StandsStill: Error {}
        throw StandsStill()
    }

    /// A listening socket on loopback and its address.
    private static func listener() -> (descriptor: Int32, address: sockaddr_in) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            _ = bind(descriptor, pointer, size)
            _ = listen(descriptor, 8)
            _ = getsockname(descriptor, pointer, &size)
        }
        return (descriptor, address)
    }

    /// 0 when it connects, else errno.
    private static func attempt(_ address: sockaddr_in) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = address
        return withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            let size = socklen_t(bytes.count)
            return connect(descriptor, pointer, size) == 0 ? 0 : errno
        }
    }

    @Test(arguments: [0, 1, 2])
    func `each layer alone and both together deny a connect that succeeds without them`(
        layer: Int
    )
        throws
    {
        let (descriptor, address) = SandboxTests.listener()
        defer { close(descriptor) }
        #expect(try inChild { SandboxTests.attempt(address) } == 0)
        guard layer != 1 || tapedeck_landlock_version() >= 4 else { return }
        let code = try inChild {
            let result =
                switch layer {
                case 0: tapedeck_deny_outgoing_by_seccomp()
                case 1: tapedeck_deny_outgoing_by_landlock()
                default: tapedeck_deny_outgoing()
                }
            return result == 0 ? SandboxTests.attempt(address) : 200
        }
        #expect(code == (layer == 1 ? EACCES : EPERM))
    }

    @Test func `datagrams and other families cannot leave either`() throws {
        let code = try inChild {
            let before = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            guard before >= 0, tapedeck_deny_outgoing() == 0 else { return 1 }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            address.sin_port = UInt16(9).bigEndian
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let sent = withUnsafeMutableBytes(of: &address) { bytes in
                sendto(
                    before,
                    bytes.baseAddress,
                    1,
                    0,
                    bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                    size
                )
            }
            guard sent < 0, errno == EPERM else { return 2 }
            for (family, type) in [
                (AF_INET, SOCK_DGRAM), (AF_INET6, SOCK_DGRAM), (AF_INET, SOCK_RAW),
            ] {
                guard socket(family, Int32(type.rawValue), 0) < 0, errno == EPERM else { return 3 }
            }
            return 0
        }
        #expect(code == 0)
    }

    @Test func `serving on loopback goes on working`() throws {
        let (descriptor, address) = SandboxTests.listener()
        defer { close(descriptor) }
        let port = UInt16(bigEndian: address.sin_port)
        // The parent connects to a listener that the denied child opened.
        typealias Fork = @convention(c) () -> pid_t
        let symbol = try #require(dlsym(nil, "fork"))
        var child: pid_t = 0
        var input: Int32 = -1
        for _ in 0..<10 {
            var pipes: [Int32] = [0, 0]
            #expect(pipe(&pipes) == 0)
            let output = pipes[1]
            input = pipes[0]
            child = unsafeBitCast(symbol, to: Fork.self)()
            if child == 0 {
                guard tapedeck_deny_outgoing() == 0 else { _exit(1) }
                let served = SandboxTests.listener()
                var bytes = served.address.sin_port
                _ = write(output, &bytes, 2)
                let taken = accept(served.descriptor, nil, nil)
                _exit(taken >= 0 && send(taken, &bytes, 2, 0) == 2 ? 0 : 2)
            }
            close(output)
            // As above: a child that stands still is ended and made anew.
            var ready = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
            if poll(&ready, 1, 5_000) == 1 { break }
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
            close(input)
        }
        defer { close(input) }
        var served = address
        try #require(read(input, &served.sin_port, 2) == 2)
        #expect(UInt16(bigEndian: served.sin_port) != port)
        #expect(SandboxTests.attempt(served) == 0)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        #expect(status == 0)
    }

    @Test func `a process that forbids dumps is undumpable`() throws {
        let code = try inChild {
            guard tapedeck_forbid_dumps() == 0 else { return 1 }
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else {
                return 2
            }
            return limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 3
        }
        #expect(code == 0)
    }
}
