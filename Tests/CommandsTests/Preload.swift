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

    /// Each write at an offset takes 100 ms for as long as the file `SLOW_DISK` is there.
    static let slowDisk = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <sys/types.h>
        #include <unistd.h>
        static void wait_for_disk(void) {
            const char *sign = getenv("SLOW_DISK");
            if (sign && access(sign, F_OK) == 0) usleep(100000);
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
}
