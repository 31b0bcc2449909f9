import Foundation
import Testing

/// Libraries in C that a program is started with, to watch or to hinder what it asks of the system.
enum Preload {
    static func build(_ name: String, _ source: String, in folder: String) async throws -> String {
        let file = "\(folder)/\(name).c"
        let library = "\(folder)/\(name).so"
        try source.write(toFile: file, atomically: true, encoding: .utf8)
        let compiler = ["/usr/bin/cc", "/usr/bin/clang", "/opt/swift/usr/bin/clang"].first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
        let outcome = try await Program.run(
            ["-shared", "-fPIC", "-O1", "-o", library, file, "-ldl"],
            program: try #require(compiler, "a C compiler stands beside Swift")
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        return library
    }

    /// Segments find no room for as long as the file `FULL_DISK` is there.
    static let fullDisk = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/types.h>
        #include <unistd.h>
        static int has_no_room(int fd) {
            const char *sign = getenv("FULL_DISK");
            if (!sign || access(sign, F_OK) != 0) return 0;
            char link[64], name[4096];
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            ssize_t length = readlink(link, name, sizeof name - 1);
            if (length < 0) return 0;
            name[length] = 0;
            return strstr(name, ".mcap") || strstr(name, "segment.unfinished");
        }
        ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
            static ssize_t (*next)(int, const void *, size_t, off_t);
            if (!next) next = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
            if (has_no_room(fd)) { errno = ENOSPC; return -1; }
            return next(fd, bytes, count, at);
        }
        ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
            static ssize_t (*next)(int, const void *, size_t, off64_t);
            if (!next) next = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
            if (has_no_room(fd)) { errno = ENOSPC; return -1; }
            return next(fd, bytes, count, at);
        }
        """

    /// The next sync of a segment fails, once, when the file `FAILED_SYNC` is there; it is gone then.
    static let failedSync = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        int fdatasync(int fd) {
            static int (*next)(int);
            if (!next) next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
            const char *sign = getenv("FAILED_SYNC");
            char link[64], name[4096];
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            ssize_t length = readlink(link, name, sizeof name - 1);
            name[length < 0 ? 0 : length] = 0;
            if (sign && strstr(name, ".mcap") && unlink(sign) == 0) { errno = EIO; return -1; }
            return next(fd);
        }
        """

    /// Each write at an offset takes 300 ms for as long as the file `SLOW_DISK` is there.
    ///
    /// A slow machine serves a market slowly too, and the disk is to be slower.
    static let slowDisk = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <sys/types.h>
        #include <unistd.h>
        static void wait_for_disk(void) {
            const char *sign = getenv("SLOW_DISK");
            if (sign && access(sign, F_OK) == 0) usleep(300000);
        }
        ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
            static ssize_t (*next)(int, const void *, size_t, off_t);
            if (!next) next = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
            wait_for_disk();
            return next(fd, bytes, count, at);
        }
        ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
            static ssize_t (*next)(int, const void *, size_t, off64_t);
            if (!next) next = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
            wait_for_disk();
            return next(fd, bytes, count, at);
        }
        """

    /// Writes at an offset do not return for as long as the file `STUCK_DISK` is there.
    static let stuckDisk = slowDisk.replacingOccurrences(
        of: "if (sign && access(sign, F_OK) == 0) usleep(300000);",
        with: "while (sign && access(sign, F_OK) == 0) usleep(10000);"
    ).replacingOccurrences(of: "SLOW_DISK", with: "STUCK_DISK")

    /// Segments find no room from their 65,536th byte on, and then none at all, for as long as the file `FULL_DISK` is there.
    ///
    /// A segment of that size is full when its next chunk is the first that finds no room.
    static let fullSegment = fullDisk.replacingOccurrences(
        of: "has_no_room(int fd)",
        with: "has_no_room(int fd, long long at)"
    ).replacingOccurrences(of: "has_no_room(fd)", with: "has_no_room(fd, at)")
        .replacingOccurrences(
            of: "return strstr(name",
            with: """
                static volatile int has_begun;
                if (strstr(name, ".mcap") && at >= 65536) has_begun = 1;
                if (!has_begun) return 0;
                return strstr(name
                """
        )

    /// No file that records stand in takes a write for as long as the file `FAILED_WRITE` is there: `EIO`.
    static let failedWrite = fullDisk.replacingOccurrences(of: "FULL_DISK", with: "FAILED_WRITE")
        .replacingOccurrences(of: "ENOSPC", with: "EIO")
        .replacingOccurrences(
            of: "return strstr(name",
            with:
                #"return strstr(name, "/tail-") || strstr(name, "/reserve") || strstr(name"#
        )
}
