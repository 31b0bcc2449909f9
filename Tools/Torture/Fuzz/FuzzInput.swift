import Glibc
import Journal
import Market

/// What a fuzzer gives to the readers: a byte that says how it is read, and what is read.
///
/// Used by `torture fuzz` and by the libFuzzer target in `Tools/Fuzz`.
enum FuzzInput {
    enum Kind: UInt8, CaseIterable {
        /// One MCAP file of unknown origin; also as the only segment of a recording.
        case file
        /// The files of a recording's directory, one behind the other.
        case recording
        /// The same, and every checksum that can be made right is: what lies behind them is reached.
        case mended
    }

    /// What came of it.
    struct Outcome {
        var verified = 0
        var refused = 0
        var records = 0
    }

    /// Reads it in every way that there is; ends with records or errors, whatever the bytes say.
    static func read(_ input: [UInt8]) -> Outcome {
        var outcome = Outcome()
        guard let first = input.first else { return outcome }
        let bytes = Array(input.dropFirst())
        switch Kind(rawValue: first % UInt8(Kind.allCases.count)) {
        case .file:
            let name = "000000000001.mcap"
            let disk = MemoryDisk(Image(files: [name: bytes]))
            read(MemoryDisk.path, disk, &outcome)
            read(MemoryDisk.path + "/" + name, disk, &outcome)
            pour(bytes, &outcome)
        case .recording: read(unpack(bytes), &outcome)
        case .mended, nil:
            var image = unpack(bytes)
            Mending.mend(&image)
            read(image, &outcome)
        }
        return outcome
    }

    private static func read(_ image: Image, _ outcome: inout Outcome) {
        read(MemoryDisk.path, MemoryDisk(image), &outcome)
        for name in image.files.keys.sorted() where name.hasSuffix(".mcap") {
            pour(image.files[name] ?? [], &outcome)
        }
    }

    private static func read(_ path: String, _ disk: MemoryDisk, _ outcome: inout Outcome) {
        do throws(JournalError) {
            _ = try Verifier.verify(path, files: disk)
            outcome.verified += 1
        } catch {
            outcome.refused += 1
        }
        do throws(JournalError) {
            let recording = try Recording.open(path, files: disk)
            _ = try? recording.streams()
            _ = try? recording.bytesOnDisk()
            for segment in recording.manifest.segments.prefix(4) {
                _ = try? recording.checkpoint(at: segment.first)
            }
            walk(try recording.cursor(), &outcome)
            walk(try recording.cursor(streams: { $0.text.hasPrefix("p") }), &outcome)
            let middle = (recording.first.value &+ recording.last.value) / 2
            walk(try recording.cursor(from: .sequence(SequenceNumber(middle))), &outcome)
            walk(try recording.cursor(from: .time(recording.manifest.ended)), &outcome)
        } catch {
            return
        }
    }

    private static func walk(_ cursor: Cursor, _ outcome: inout Outcome) {
        var errors = 0
        while errors < 16, outcome.records < 100_000 {
            do throws(JournalError) {
                guard let record = try cursor.next() else { return }
                // Every byte that is given is touched: it must be there.
                _ = record.payload.reduce(UInt8(0)) { $0 ^ $1 }
                _ = cursor.name(of: record.stream)
                outcome.records += 1
            } catch {
                errors += 1
            }
        }
    }

    // MARK: Out of a pipe

    /// As `cat -` reads what another process pours into it: from the first byte to the last, nothing sought.
    private static func pour(_ bytes: [UInt8], _ outcome: inout Outcome) {
        // A pipe's own room is smaller than a file may be, and nobody would empty it while this process fills it.
        let descriptor = memoryFile("input", 0)
        guard descriptor >= 0 else { fatalError("no file in memory: \(errno)") }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                write(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { fatalError("a file in memory takes no bytes: \(errno)") }
            done += count
        }
        lseek(descriptor, 0, SEEK_SET)
        do throws(JournalError) {
            walk(try PipeCursor(descriptor), &outcome)
            lseek(descriptor, 0, SEEK_SET)
            walk(try PipeCursor(descriptor, streams: { $0.text.hasPrefix("p") }), &outcome)
        } catch {
            return
        }
    }

    private static func walk(_ cursor: PipeCursor, _ outcome: inout Outcome) {
        var errors = 0
        while errors < 16, outcome.records < 100_000 {
            do throws(JournalError) {
                guard let record = try cursor.next() else { return }
                _ = record.payload.reduce(UInt8(0)) { $0 ^ $1 }
                _ = cursor.name(of: record.stream)
                outcome.records += 1
            } catch {
                errors += 1
            }
        }
    }

    // MARK: A directory in one piece

    /// Files that are named; a segment is 0 and its first number.
    private static let names = [
        "HEAD", "tail-a", "tail-b", "reserve", "manifest.json", "pruned.jsonl",
    ]

    /// By file: a byte for the name, for a segment its number (8), the length (4), the bytes.
    static func pack(_ image: Image, _ kind: Kind) -> [UInt8] {
        var bytes = [kind.rawValue]
        for (name, content) in image.files.sorted(by: { $0.key < $1.key }) {
            if let place = names.firstIndex(of: name) {
                bytes.append(UInt8(place + 1))
            } else if name.hasSuffix(".mcap"), let number = UInt64(name.dropLast(5)) {
                bytes.append(0)
                bytes += (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            } else {
                continue
            }
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) }
            bytes += content
        }
        return bytes
    }

    /// The last file may be shorter than it says.
    static func unpack(_ bytes: [UInt8]) -> Image {
        var image = Image()
        var rest = bytes[...]
        func integer(_ count: Int) -> UInt64 {
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        while let place = rest.popFirst() {
            let name: String
            if Int(place) % 8 == 0 {
                let digits = String(integer(8))
                name = String(repeating: "0", count: max(0, 12 - digits.count)) + digits + ".mcap"
            } else {
                name = names[(Int(place) % 8 - 1) % names.count]
            }
            let length = Int(integer(4))
            image.files[name] = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return image
    }
}

/// `memfd_create` is not part of the Glibc module.
@_silgen_name("memfd_create")
private func memoryFile(_ name: UnsafePointer<CChar>, _ flags: UInt32) -> Int32
