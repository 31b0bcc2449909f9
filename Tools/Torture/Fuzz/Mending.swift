/// Makes checksums right, so that what a fuzzer changed is not all refused at the first of them.
enum Mending {
    static func mend(_ image: inout Image) {
        for name in image.files.keys {
            guard var bytes = image.files[name] else { continue }
            if name.hasSuffix(".mcap") {
                mendSegment(&bytes)
            } else if name == "HEAD" {
                for start in [0, 4096] { mendSlot(&bytes, start) }
            } else if name.hasPrefix("tail-") || name == "reserve" {
                mendEntries(&bytes)
            }
            image.files[name] = bytes
        }
    }

    /// The head's own checksum, and those of chunks that are not compressed.
    private static func mendSegment(_ bytes: inout [UInt8]) {
        var offset = 8
        var isHead = true
        while let end = end(ofRecordAt: offset, bytes) {
            let opcode = bytes[offset]
            if opcode == 0x0c, isHead {
                // Metadata: its last value is eight digits.
                isHead = false
                guard end - 8 > offset + 9 else { return }
                let crc = crc32c(bytes[..<(end - 8)])
                let digits = "0123456789abcdef".utf8.map { $0 }
                for place in 0..<8 {
                    bytes[end - 8 + place] = digits[Int(crc >> UInt32(28 - 4 * place) & 15)]
                }
            }
            // Two times, a size, the CRC, no name of a compression, the length of the records.
            let records = offset + 9 + 8 + 8 + 8 + 4 + 4 + 8
            if opcode == 0x06, records <= end,
                bytes[(records - 12)..<(records - 8)].allSatisfy({ $0 == 0 })
            {
                put(crc32(bytes[records..<end]), at: records - 16, &bytes)
            }
            offset = end
        }
    }

    private static func mendSlot(_ bytes: inout [UInt8], _ start: Int) {
        guard bytes.count >= start + 88 else { return }
        put(crc32c(bytes[start..<(start + 84)]), at: start + 84, &bytes)
    }

    private static func mendEntries(_ bytes: inout [UInt8]) {
        var offset = 0
        while offset + 24 <= bytes.count {
            let length = Int(get(offset, bytes))
            guard length > 0, length <= bytes.count - offset - 24 else { return }
            let end = offset + 24 + length
            put(
                crc32c(bytes[offset..<(offset + 4)] + bytes[(offset + 8)..<end]),
                at: offset + 4,
                &bytes
            )
            offset = end
        }
    }

    private static func end(ofRecordAt offset: Int, _ bytes: [UInt8]) -> Int? {
        guard offset + 9 <= bytes.count else { return nil }
        let length = bytes[(offset + 1)..<(offset + 9)].reversed().reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        guard length <= UInt64(bytes.count - offset - 9) else { return nil }
        return offset + 9 + Int(length)
    }

    private static func get(_ offset: Int, _ bytes: [UInt8]) -> UInt32 {
        bytes[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func put(_ value: UInt32, at offset: Int, _ bytes: inout [UInt8]) {
        for place in 0..<4 {
            bytes[offset + place] = UInt8(truncatingIfNeeded: value >> UInt32(8 * place))
        }
    }

    // MARK: Checksums, of the harness's own

    static func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 { sum(bytes, tableC) }
    static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 { sum(bytes, table) }

    private static let tableC = makeTable(0x82f6_3b78)
    private static let table = makeTable(0xedb8_8320)

    private static func makeTable(_ polynomial: UInt32) -> [UInt32] {
        (0..<256).map { index in
            (0..<8).reduce(UInt32(index)) { crc, _ in
                crc & 1 == 1 ? crc >> 1 ^ polynomial : crc >> 1
            }
        }
    }

    private static func sum(_ bytes: some Sequence<UInt8>, _ table: [UInt32]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { crc, byte in
            table[Int((crc ^ UInt32(byte)) & 0xff)] ^ crc >> 8
        }
    }
}
