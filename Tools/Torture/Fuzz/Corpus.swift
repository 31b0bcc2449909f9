import Glibc
import Journal
import Market

/// What a fuzzer begins with: recordings of every kind, the files in them, and MCAP files of others.
enum Corpus {
    /// By name.
    static func make() throws(JournalError) -> [(name: String, bytes: [UInt8])] {
        var inputs: [(name: String, bytes: [UInt8])] = []
        for kind in Flip.Kind.allCases {
            let image = try Flip.recording(kind, 1)
            inputs.append(("recording-\(kind)", FuzzInput.pack(image, .recording)))
            inputs.append(("mended-\(kind)", FuzzInput.pack(image, .mended)))
            for (place, name) in image.files.keys.sorted().enumerated()
            where name.hasSuffix(".mcap") {
                let bytes = image.files[name] ?? []
                inputs.append(("file-\(kind)-\(place)", [FuzzInput.Kind.file.rawValue] + bytes))
            }
        }
        for isChunked in [true, false] {
            let bytes = foreign(isChunked: isChunked)
            let name = "file-foreign-\(isChunked ? "chunk" : "loose")"
            inputs.append((name, [FuzzInput.Kind.file.rawValue] + bytes))
        }
        return inputs
    }

    /// Writes it to a directory.
    static func write(to path: String) throws(JournalError) {
        var image = Image()
        for input in try make() { image.files[input.name] = input.bytes }
        image.write(to: path)
    }

    /// The stored one.
    static func stored(in path: String) -> [(name: String, bytes: [UInt8])] {
        Image(directory: path).files.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    // MARK: A file of another program

    /// Two channels, four messages, no compression, checksum 0 for none.
    private static func foreign(isChunked: Bool) -> [UInt8] {
        let magic: [UInt8] = [0x89] + Array("MCAP0\r\n".utf8)
        var messages: [UInt8] = []
        for id in [UInt16(1), 7] {
            messages += record(
                0x04,
                little(id) + little(UInt16(0)) + text("topic/\(id)") + text("json")
                    + little(UInt32(0))
            )
            for number in [UInt32(1), 2] {
                let time = UInt64(number) * 1000
                messages += record(
                    0x05,
                    little(id) + little(number) + little(time) + little(time) + Array("{}".utf8)
                )
            }
        }
        var bytes = magic + record(0x01, text("") + text("another program"))
        if isChunked {
            let times = little(UInt64(1000)) + little(UInt64(2000))
            let sizes = little(UInt64(messages.count)) + little(UInt32(0)) + text("")
            bytes += record(0x06, times + sizes + little(UInt64(messages.count)) + messages)
        } else {
            bytes += messages
        }
        bytes += record(0x0f, little(UInt32(0)))
        return bytes + record(0x02, little(UInt64(0)) + little(UInt64(0)) + little(UInt32(0)))
            + magic
    }

    private static func record(_ opcode: UInt8, _ body: [UInt8]) -> [UInt8] {
        [opcode] + little(UInt64(body.count)) + body
    }

    private static func text(_ text: String) -> [UInt8] {
        little(UInt32(text.utf8.count)) + Array(text.utf8)
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
