import Market

/// One segment opened for reading: its head, its summary when it has one, its chunks in order.
///
/// Not Sendable: one owner, one thread.
final class SegmentFile {
    let window: ReadWindow
    /// `nil` for a file that is not ours.
    private(set) var head: SegmentHead?
    /// Behind the head's records.
    private(set) var dataStart: UInt64 = 0
    private let listsChunks: Bool
    /// Footer and summary; `nil` where the file has none, or none that is whole.
    private(set) var summary: Summary?

    /// What stands between the data and the footer.
    struct Summary {
        var start: UInt64
        var channels: [MCAP.Channel] = []
        var statistics: MCAP.Statistics?
        var chunks: [MCAP.ChunkIndex] = []
        var attachments: [MCAP.AttachmentIndex] = []
        var metadata: [MCAP.MetadataIndex] = []
    }

    var isOurs: Bool { head != nil }

    /// What is wrong with the head, where it was presumed from the name and the chunks.
    private(set) var headFailure: JournalError?

    /// The footer, from which a file with the same name is known again: it has the summary's checksum.
    private var ending: [UInt8] = []

    /// Lets go of the file and of what only an opening needs; only for a segment with a summary.
    func rest() {
        guard summary != nil else { return }
        window.rest()
        head?.streams = []
        summary?.channels = []
    }

    /// Opens the file again; false where another has taken its place, as compaction does.
    func wake() throws(JournalError) -> Bool {
        guard try window.wake() else { return false }
        guard summary != nil else { return true }
        let count = UInt64(MCAP.ending)
        return try window.bytes(at: window.size - count, count: count).elementsEqual(ending)
    }

    /// Opens and reads the head, which must be whole.
    ///
    /// - Parameters:
    ///   - headOnly: the summary is passed over, as if there were none.
    ///   - listsChunks: the summary's list of chunks is taken too; readers go by our own index.
    ///   - presumes: a head that does not read is presumed, so that the records are served; see ``headFailure``.
    init(
        _ name: String,
        in directory: RecordingDirectory,
        headOnly: Bool = false,
        listsChunks: Bool = false,
        presumes: Bool = false
    ) throws(JournalError) {
        self.listsChunks = listsChunks
        window = try ReadWindow(name, in: directory)
        let number = presumes ? RecordingDirectory.firstNumber(ofSegment: name) : nil
        do throws(JournalError) {
            try readHead()
            if let number {
                guard let head else { throw error(.damaged("not a segment of ours"), at: 0) }
                guard head.first == number else {
                    throw error(SegmentFile.misplaced(head, in: directory))
                }
            }
        } catch {
            guard let number, error.isOfOneSegment else { throw error }
            try presumeHead(number, error)
        }
        summary = headOnly ? nil : try readSummary()
    }

    /// Takes the first number from the name, and where chunks begin and their link from the first that proves itself.
    ///
    /// What cannot be known so (id, run, labels, streams, checkpoint) stays empty.
    private func presumeHead(
        _ first: SequenceNumber,
        _ failure: JournalError
    ) throws(JournalError) {
        let found = try ChunkFinder().next(in: window, behind: 0, before: window.size)
        // Chunks of another segment are not this one's.
        if let found, found.first < first { throw failure }
        headFailure = failure
        head = SegmentHead(
            id: "",
            run: 0,
            first: first,
            chain: found?.previous ?? ChainValue(words: (0, 0, 0, 0)),
            time: Timestamp(nanoseconds: Int64(bitPattern: found?.time ?? 0)),
            previous: nil,
            recovered: 0,
            labels: [],
            streams: [],
            checkpoint: []
        )
        dataStart = found?.place.offset ?? window.size
    }

    /// An error of this file.
    func error(
        _ reason: JournalError.Reason,
        at offset: UInt64? = nil,
        sequence: SequenceNumber? = nil
    ) -> JournalError {
        JournalError(reason, file: window.place, offset: offset, sequence: sequence)
    }

    /// Reads with MCAP's own words for what is wrong, at a place in the file.
    func parse<Value>(
        at offset: UInt64,
        _ body: () throws(Malformed) -> Value
    ) throws(JournalError) -> Value {
        do throws(Malformed) {
            return try body()
        } catch {
            throw self.error(error.reason(isOurs: isOurs), at: offset)
        }
    }

    private func readHead() throws(JournalError) {
        let magicSize = UInt64(MCAP.magic.count)
        guard window.size >= magicSize,
            try window.bytes(at: 0, count: magicSize).elementsEqual(MCAP.magic)
        else {
            throw error(.malformed("the file does not begin as MCAP does"), at: 0)
        }
        guard let header = try window.record(at: magicSize),
            header.opcode == MCAP.Opcode.header.rawValue
        else {
            throw error(.malformed("the file has no MCAP header"), at: magicSize)
        }
        let body = try window.body(header)
        let profile = try parse(at: magicSize) { () throws(Malformed) in
            var reader = ByteReader(body)
            return try reader.string()
        }
        dataStart = header.end ?? magicSize
        guard profile == SegmentHead.profile else { return }
        guard let place = try window.record(at: dataStart),
            place.opcode == MCAP.Opcode.metadata.rawValue, place.bodyLength <= 1 << 20,
            let end = place.end
        else {
            throw error(.damaged("the segment's head is not whole"), at: dataStart)
        }
        let metadataBody = try window.body(place)
        let metadata = try parse(at: dataStart) { () throws(Malformed) in
            try MCAP.metadata(metadataBody)
        }
        guard metadata.name == SegmentHead.metadataName else {
            throw error(.damaged("the segment's head is not whole"), at: dataStart)
        }
        let covered = try window.bytes(at: 0, count: end - 8)
        guard metadata["crc32c"] == SegmentHead.hex(Checksum.crc32c(covered)) else {
            throw error(.damaged("the segment's head fails its checksum"), at: dataStart)
        }
        dataStart = end
        var head: SegmentHead
        do throws(JournalError.Reason) {
            head = try SegmentHead(metadata)
        } catch {
            throw self.error(error, at: place.offset)
        }
        self.head = head
        let streams = try attachment(SegmentHead.streamsName, at: dataStart)
        guard let list = SegmentHead.streams(streams.data) else {
            throw error(.damaged("the segment's list of streams does not read"), at: dataStart)
        }
        head.streams = list
        checkpointStart = streams.end
        guard let checkpoint = try window.record(at: streams.end), let end = checkpoint.end,
            checkpoint.opcode == MCAP.Opcode.attachment.rawValue, try isCheckpoint(checkpoint)
        else {
            throw error(.damaged("the segment's head is not whole"), at: streams.end)
        }
        dataStart = end
        self.head = head
    }

    /// Whether the record's length is what its parts add up to; the state in it, which may be large, is not read.
    ///
    /// Chunks begin behind it: a length that has changed must not hide the first of them.
    private func isCheckpoint(_ place: RecordPlace) throws(JournalError) -> Bool {
        let bytes = try window.bytes(
            at: place.offset + UInt64(MCAP.recordHeader),
            count: min(place.bodyLength, 256)
        )
        return try parse(at: place.offset) { () throws(Malformed) in
            var reader = ByteReader(bytes)
            _ = try reader.take(16)
            guard try reader.string() == SegmentHead.checkpointName else { return false }
            _ = try reader.string()
            let size = try reader.integer(UInt64.self)
            let rest = place.bodyLength - UInt64(reader.offset)
            return rest >= 4 && size == rest - 4
        }
    }

    private var checkpointStart: UInt64 = 0

    /// The owner's state before the first record.
    func checkpoint() throws(JournalError) -> [UInt8] {
        guard isOurs else { return [] }
        return try attachment(SegmentHead.checkpointName, at: checkpointStart).data
    }

    /// An Attachment by its name, its checksum held.
    func attachment(
        _ name: String,
        at offset: UInt64
    ) throws(JournalError) -> (data: [UInt8], end: UInt64) {
        guard let place = try window.record(at: offset), let end = place.end,
            place.opcode == MCAP.Opcode.attachment.rawValue
        else {
            throw error(.damaged("no attachment where `\(name)` should be"), at: offset)
        }
        let body = try window.body(place)
        let attachment = try parse(at: offset) { () throws(Malformed) in
            try MCAP.attachment(body, isOurs: isOurs)
        }
        guard attachment.name == name else {
            throw error(.damaged("attachment `\(name)` has another name"), at: offset)
        }
        return (attachment.data, end)
    }

    // MARK: The end

    /// The summary when the file has a whole footer whose checksum holds; `nil` otherwise.
    private func readSummary() throws(JournalError) -> Summary? {
        let size = UInt64(MCAP.ending)
        guard window.size >= dataStart + size else { return nil }
        let footerStart = window.size - size
        let end = try window.bytes(at: footerStart, count: size)
        ending = Array(end)
        guard end[0] == MCAP.Opcode.footer.rawValue, end.suffix(8).elementsEqual(MCAP.magic) else {
            return nil
        }
        let body = UnsafeRawBufferPointer(
            rebasing: end[MCAP.recordHeader..<(MCAP.recordHeader + 20)]
        )
        let footer = try parse(at: footerStart) { () throws(Malformed) in try MCAP.footer(body) }
        guard footer.summaryStart > 0 else { return isOurs ? nil : Summary(start: footerStart) }
        guard footer.summaryStart >= dataStart, footer.summaryStart <= footerStart else {
            return nil
        }
        let covered = footerStart + UInt64(MCAP.recordHeader) + 16 - footer.summaryStart
        guard covered <= ReadWindow.limit else { return nil }
        let bytes = try window.bytes(at: footer.summaryStart, count: covered)
        if footer.summaryCRC != 0 || isOurs {
            guard Checksum.crc32(bytes) == footer.summaryCRC else { return nil }
        }
        return try? summary(from: footer.summaryStart, to: footerStart)
    }

    private func summary(from start: UInt64, to end: UInt64) throws(JournalError) -> Summary {
        var summary = Summary(start: start)
        var offset = start
        while offset < end, let place = try window.record(at: offset), let next = place.end {
            let body = try window.body(place)
            try parse(at: offset) { () throws(Malformed) in
                switch MCAP.Opcode(rawValue: place.opcode) {
                case .channel: summary.channels.append(try MCAP.channel(body))
                case .statistics: summary.statistics = try MCAP.statistics(body)
                case .chunkIndex where listsChunks: summary.chunks.append(try MCAP.chunkIndex(body))
                case .attachmentIndex: summary.attachments.append(try MCAP.attachmentIndex(body))
                case .metadataIndex: summary.metadata.append(try MCAP.metadataIndex(body))
                default: break
                }
            }
            offset = next
        }
        return summary
    }

    /// The index of a complete segment of ours.
    func index() throws(JournalError) -> SegmentIndex? {
        guard isOurs, let place = summary?.attachments.last(where: { $0.name == SegmentIndex.name })
        else {
            return nil
        }
        let data = try attachment(SegmentIndex.name, at: place.offset).data
        return try parse(at: place.offset) { () throws(Malformed) in
            var result: Result<SegmentIndex, Malformed> = .failure(Malformed("", at: 0))
            data.withUnsafeBytes { bytes in
                do throws(Malformed) {
                    result = .success(try SegmentIndex(bytes))
                } catch {
                    result = .failure(error)
                }
            }
            return try result.get()
        }
    }

    /// One of our Metadata records by name, found through the summary.
    func metadata(_ name: String) throws(JournalError) -> MCAP.Metadata? {
        guard let index = summary?.metadata.last(where: { $0.name == name }) else { return nil }
        guard let place = try window.record(at: index.offset),
            place.opcode == MCAP.Opcode.metadata.rawValue
        else {
            throw error(.damaged("no metadata where `\(name)` should be"), at: index.offset)
        }
        let body = try window.body(place)
        return try parse(at: index.offset) { () throws(Malformed) in try MCAP.metadata(body) }
    }
}
