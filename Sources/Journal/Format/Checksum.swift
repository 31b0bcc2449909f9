import CDeflate

/// The two checksums of a recording.
enum Checksum {
    /// CRC-32 (IEEE), MCAP's.
    ///
    /// Continues from `start`.
    static func crc32(_ bytes: UnsafeRawBufferPointer, from start: UInt32 = 0) -> UInt32 {
        libdeflate_crc32(start, bytes.baseAddress, bytes.count)
    }

    /// CRC-32C (Castagnoli), of tails, HEAD and segment heads.
    ///
    /// Continues from `start`.
    static func crc32c(_ bytes: UnsafeRawBufferPointer, from start: UInt32 = 0) -> UInt32 {
        var crc = ~start
        let table = tables
        var offset = 0
        let whole = bytes.count & ~7
        while offset < whole {
            let word =
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                ^ UInt64(crc)
            let low =
                table[7 << 8 | Int(word & 0xff)] ^ table[6 << 8 | Int(word >> 8 & 0xff)]
                ^ table[5 << 8 | Int(word >> 16 & 0xff)] ^ table[4 << 8 | Int(word >> 24 & 0xff)]
            let high =
                table[3 << 8 | Int(word >> 32 & 0xff)] ^ table[2 << 8 | Int(word >> 40 & 0xff)]
                ^ table[1 << 8 | Int(word >> 48 & 0xff)] ^ table[Int(word >> 56)]
            crc = low ^ high
            offset += 8
        }
        while offset < bytes.count {
            crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[offset])] ^ crc >> 8
            offset += 1
        }
        return ~crc
    }

    /// Eight tables for eight bytes a step.
    ///
    /// Filled once, then only read, so threads may share it.
    nonisolated(unsafe) private static let tables: UnsafePointer<UInt32> = {
        let all = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
            all[index] = value
        }
        for index in 256..<(8 * 256) {
            let before = all[index - 256]
            all[index] = all[Int(before & 0xff)] ^ before >> 8
        }
        return UnsafePointer(all)
    }()
}
