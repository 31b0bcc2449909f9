import Foundation

/// An MCAP file as another program might have made it, byte for byte.
struct ForeignFile {
    private var bytes = Data(magic)
    private static let magic: [UInt8] = [0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a]

    init() {
        record(0x01, Self.text("") + Self.text("somebody else"))
    }

    /// Messages of `topic`, in a chunk of its own; `isSound` false gives the chunk a wrong checksum.
    ///
    /// - Parameter times: of its messages, nanoseconds; a nanosecond apart where none are given.
    /// - Returns: where the chunk begins.
    @discardableResult
    mutating func chunk(
        _ topic: String,
        channel: UInt16 = 1,
        _ payloads: [[UInt8]],
        isSound: Bool = true,
        times: [UInt64]? = nil
    ) -> Int {
        let times = times ?? payloads.indices.map { 1_767_225_600_000_000_000 + UInt64($0) }
        var inside = Data()
        Self.add(
            0x04,
            Self.word(channel) + Self.word(UInt16(0)) + Self.text(topic) + Self.text("json")
                + Self.word(UInt32(0)),
            to: &inside
        )
        for (place, payload) in payloads.enumerated() {
            let time = Self.word(times[place])
            Self.add(
                0x05,
                Self.word(channel) + Self.word(UInt32(place)) + time + time + Data(payload),
                to: &inside
            )
        }
        let start = bytes.count
        record(
            0x06,
            Self.word(times.min() ?? 0) + Self.word(times.max() ?? 0)
                + Self.word(UInt64(inside.count)) + Self.word(UInt32(isSound ? 0 : 1))
                + Self.text("") + Self.word(UInt64(inside.count)) + inside
        )
        return start
    }

    func write(to path: String) throws {
        var whole = self
        whole.record(0x0f, Self.word(UInt32(0)))
        whole.record(0x02, Self.word(UInt64(0)) + Self.word(UInt64(0)) + Self.word(UInt32(0)))
        try (whole.bytes + Data(Self.magic)).write(to: URL(filePath: path))
    }

    private mutating func record(_ opcode: UInt8, _ body: Data) {
        Self.add(opcode, body, to: &bytes)
    }

    private static func add(_ opcode: UInt8, _ body: Data, to bytes: inout Data) {
        bytes += Data([opcode]) + word(UInt64(body.count)) + body
    }

    private static func text(_ text: String) -> Data {
        word(UInt32(text.utf8.count)) + Data(text.utf8)
    }

    private static func word(_ number: some FixedWidthInteger) -> Data {
        withUnsafeBytes(of: number.littleEndian) { Data($0) }
    }
}
