import Glibc
import Journal
import Market

/// What a disk shows of one directory: names and bytes.
struct Image {
    var files: [String: [UInt8]] = [:]
    /// Of files whose hash is known.
    var hashes: [String: UInt64] = [:]

    /// Leaves it as a real directory, for `tapedeck verify` and eyes.
    func write(to path: String) {
        let files = SystemFiles()
        try? files.makeDirectory(path)
        for name in self.files.keys where name.hasSuffix("/") {
            try? files.makeDirectory(path + "/" + name.dropLast())
        }
        for (name, bytes) in self.files where !name.hasSuffix("/") {
            let descriptor = open(path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            guard descriptor >= 0 else { continue }
            var done = 0
            while done < bytes.count {
                let count = bytes[done...].withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress, $0.count)
                }
                guard count > 0 else { break }
                done += count
            }
            close(descriptor)
        }
    }

    /// A real directory's files; what cannot be read is not in it.
    init(directory path: String) {
        let files = SystemFiles()
        guard let directory = try? files.openDirectory(path) else { return }
        defer { files.close(directory) }
        for name in (try? files.list(directory)) ?? [] {
            guard let file = try? files.open(name, in: directory, .read) else { continue }
            defer { files.close(file) }
            guard let size = try? files.size(of: file) else { continue }
            var bytes = [UInt8](repeating: 0, count: Int(size))
            let count = bytes.withUnsafeMutableBytes {
                (try? files.read(file, into: $0, at: 0)) ?? 0
            }
            bytes.removeLast(bytes.count - count)
            self.files[name] = bytes
        }
    }

    init(files: [String: [UInt8]] = [:]) { self.files = files }

    /// Tells images apart; the order of the files does not count.
    var fingerprint: UInt64 {
        files.reduce(0) { sum, file in
            let name = file.key.utf8.reduce(UInt64(1)) { Mix.combine($0, UInt64($1)) }
            return sum &+ Mix.combine(name, hashes[file.key] ?? Mix.sum(file.value))
        }
    }
}

extension Mix {
    /// A hash of bytes, eight at a time.
    static func sum(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { bytes in
            var hash = UInt64(bytes.count)
            var offset = 0
            while offset + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                hash = combine(hash, word)
                offset += 8
            }
            for byte in bytes[offset...] { hash = combine(hash, UInt64(byte)) }
            return hash
        }
    }
}
