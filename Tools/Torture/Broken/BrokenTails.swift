import Journal
import Synchronization

/// The tails of the run before stay, and new entries go behind what it left, torn or not.
final class AppendsToTornTail: Naming, @unchecked Sendable {
    private let ends = Mutex<[OpenFile: UInt64]>([:])

    override func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        if name.hasPrefix("tail") { return }
        try disk.unlink(name, in: directory)
    }

    override func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        guard name.hasPrefix("tail"), mode == .create else {
            return try super.open(name, in: directory, mode)
        }
        let file = try super.open(name, in: directory, .readWrite)
        let bytes = try contents(file)
        let end = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
        ends.withLock { $0[file] = UInt64(end) }
        return file
    }

    override func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        try disk.write(file, bytes, at: offset + (ends.withLock { $0[file] } ?? 0))
    }
}

extension Passage {
    /// The whole file.
    func contents(_ file: OpenFile) throws(SystemFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(try disk.size(of: file)))
        var result: Result<Int, SystemFailure> = .success(0)
        bytes.withUnsafeMutableBytes { buffer in
            do throws(SystemFailure) {
                result = .success(try disk.read(file, into: buffer, at: 0))
            } catch {
                result = .failure(error)
            }
        }
        _ = try result.get()
        return bytes
    }
}

/// Leaves the tails of the run before in place, and reads an entry of whatever run as one of the last.
///
/// The run in the entries is changed, with the checksum, as they are read; so the reader finds no difference.
final class AcceptsStaleTail: Naming, @unchecked Sendable {
    override func unlink(_ name: String, in directory: OpenFile) throws(SystemFailure) {
        if name.hasPrefix("tail") { return }
        try disk.unlink(name, in: directory)
    }

    override func open(
        _ name: String,
        in directory: OpenFile,
        _ mode: OpenMode
    ) throws(SystemFailure) -> OpenFile {
        let isTail = name.hasPrefix("tail") && mode == .create
        return try super.open(name, in: directory, isTail ? .readWrite : mode)
    }

    override func read(
        _ file: OpenFile,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemFailure) -> Int {
        guard name(file).hasPrefix("tail") else {
            return try disk.read(file, into: buffer, at: offset)
        }
        // Readers take a tail in pieces: each is one of the whole file as it seems to be.
        let bytes = AcceptsStaleTail.renewed(try contents(file), run: try lastRun())
        guard offset < UInt64(bytes.count) else { return 0 }
        let piece = bytes[Int(offset)...].prefix(buffer.count)
        buffer.copyBytes(from: piece)
        return piece.count
    }

    /// Entries one behind the other, those of an earlier run behind the new ones included, all of them of this run.
    private static func renewed(_ old: [UInt8], run: UInt32) -> [UInt8] {
        var new: [UInt8] = []
        var place = 0
        while old.count - place >= 24 {
            let length = (0..<4).reduce(0) { $0 | Int(old[place + $1]) << (8 * $1) }
            let end = place + 24 + length
            guard length > 0, end <= old.count else {
                place += 1
                continue
            }
            var entry = Array(old[place..<end])
            let stored = (0..<4).reduce(UInt32(0)) { $0 | UInt32(entry[4 + $1]) << (8 * $1) }
            guard checksum(entry) == stored else {
                place += 1
                continue
            }
            for byte in 0..<4 { entry[8 + byte] = UInt8(truncatingIfNeeded: run >> (8 * byte)) }
            let crc = checksum(entry)
            for byte in 0..<4 { entry[4 + byte] = UInt8(truncatingIfNeeded: crc >> (8 * byte)) }
            new += entry
            place = end
        }
        return new + [UInt8](repeating: 0, count: old.count - new.count)
    }

    /// The run of the last segment, out of its head's text.
    private func lastRun() throws(SystemFailure) -> UInt32 {
        let directory = try disk.openDirectory(MemoryDisk.path)
        let names = try disk.list(directory).filter { $0.hasSuffix(".mcap") }
        guard let name = names.max() else { return 1 }
        let file = try disk.open(name, in: directory, .read)
        defer { disk.close(file) }
        let text = try contents(file).prefix(600)
        // A key and a value of an MCAP map: length and bytes each.
        let key: [UInt8] = [3, 0, 0, 0, 0x72, 0x75, 0x6e]
        for start in text.indices.dropLast(24)
        where text[start..<(start + 7)].elementsEqual(key) {
            let length = Int(text[start + 7])
            let digits = text[(start + 11)..<min(text.endIndex, start + 11 + length)]
            return UInt32(String(decoding: digits, as: UTF8.self)) ?? 1
        }
        return 1
    }

    /// CRC-32C of all but the checksum's own place.
    private static func checksum(_ entry: [UInt8]) -> UInt32 {
        var crc: UInt32 = ~0
        for index in entry.indices where !(4..<8).contains(index) {
            crc ^= UInt32(entry[index])
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
        }
        return ~crc
    }
}
