import Glibc

/// Whole files and directories, as a measurement needs them.
public enum Files {
    public static func bytes(_ path: String) throws(BenchError) -> [UInt8] {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw BenchError("\(path) cannot be opened") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &piece, piece.count)
            guard count >= 0 else { throw BenchError("\(path) cannot be read") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
        }
    }

    public static func text(_ path: String) throws(BenchError) -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }

    public static func names(in directory: String) throws(BenchError) -> [String] {
        guard let folder = opendir(directory) else {
            throw BenchError("\(directory) cannot be listed")
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Bytes of all files of a directory whose name has this ending.
    public static func bytes(
        in directory: String,
        ending: String
    ) throws(BenchError) -> Int {
        var sum = 0
        for name in try names(in: directory) where name.hasSuffix(ending) {
            var facts = stat()
            guard stat(directory + "/" + name, &facts) == 0 else {
                throw BenchError("\(directory)/\(name) cannot be looked at")
            }
            sum += Int(facts.st_size)
        }
        return sum
    }

    /// Asks the kernel to forget what it has of a directory's files; it keeps what is not on the disk yet.
    public static func forget(in directory: String) throws(BenchError) {
        for name in try names(in: directory) {
            let file = open(directory + "/" + name, O_RDONLY)
            guard file >= 0 else { continue }
            defer { close(file) }
            fdatasync(file)
            guard posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0 else {
                throw BenchError("\(directory)/\(name) stays in the page cache")
            }
        }
    }
}
