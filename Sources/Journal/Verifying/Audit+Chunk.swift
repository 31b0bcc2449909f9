import Market

/// One chunk: its numbers, its records' times and streams, and its links of the chain.
extension Audit {
    /// Proves one chunk; `nil` when it does not read.
    mutating func take(
        _ segment: SegmentFile,
        _ record: RecordPlace,
        _ body: UnsafeRawBufferPointer
    ) -> SegmentIndex.Entry? {
        result.chunks += 1
        do throws(JournalError.Reason) {
            let first = segment.isOurs ? expected : SequenceNumber(result.records + 1)
            try chunk.decode(chunk: body, isOurs: segment.isOurs, first: first)
        } catch {
            find(segment.error(error, at: record.offset, sequence: expected.previous))
            return nil
        }
        result.records += chunk.count
        guard segment.isOurs, let commit = chunk.commits.first else {
            return nil
        }
        if chunk.first != expected {
            miss(
                to: chunk.first,
                segment.error(
                    .damaged("record \(chunk.first) stands where \(expected) should"),
                    at: record.offset,
                    sequence: expected.previous
                )
            )
            // What lies behind a hole is proven from the link that it names itself.
            chain = commit.previous
        }
        prove(segment, record)
        expected = chunk.last.next
        if result.first == .none { result.first = chunk.first }
        result.last = chunk.last
        return SegmentIndex.Entry(
            offset: record.offset,
            length: (record.end ?? 0) - record.offset,
            first: chunk.first,
            last: chunk.last,
            startTime: chunk.startTime,
            endTime: chunk.endTime,
            uncompressedSize: UInt64(chunk.records.count),
            compressedSize: 0,
            channels: chunk.channelIDs
        )
    }

    private mutating func prove(_ segment: SegmentFile, _ record: RecordPlace) {
        var words: [String] = []
        var links = chunk.commits[...]
        var run = (start: 0, end: 0)
        let bytes = chunk.records.bytes
        var place = 0
        if let first = links.first { hasher.begin(after: first.previous) }
        while place < bytes.count {
            let length = Int(
                bytes.loadUnaligned(fromByteOffset: place + 1, as: UInt64.self).littleEndian
            )
            let end = place + MCAP.recordHeader + length
            if bytes[place] == MCAP.Opcode.message.rawValue, let base = bytes.baseAddress {
                let header = MessageHeader(record: base + place)
                while counts.count <= Int(header.channel) { counts.append(0) }
                counts[Int(header.channel)] &+= 1
                if header.time < time { words.append("a time below the record before") }
                time = max(time, header.time)
                if header.channel == StreamTable.channelID.value {
                    let start = place + MCAP.recordHeader + MCAP.messageHeader
                    announce(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                }
                // Messages that stand together are hashed together.
                if header.channel == StreamTable.commitID.value || run.end != place {
                    hasher.update(UnsafeRawBufferPointer(rebasing: bytes[run.start..<run.end]))
                    run.start = place
                }
                run.end = end
                if header.channel == StreamTable.commitID.value, let link = links.popFirst() {
                    close(link, &words)
                    if let next = links.first { hasher.begin(after: next.previous) }
                    run = (end, end)
                }
            }
            place = end
        }
        for channel in channelsToProve() where announced[channel.id] != channel.topic {
            // What announced it may have stood in the head.
            if segment.headFailure != nil, announced[channel.id] == nil {
                announced[channel.id] = channel.topic
                continue
            }
            words.append("channel \(channel.id) was not announced as `\(channel.topic)`")
        }
        for word in words {
            find(segment.error(.damaged(word), at: record.offset, sequence: chunk.first))
        }
    }

    /// One link of the chain: the digest of its records, and the place where it begins.
    private mutating func close(_ link: Commit, _ words: inout [String]) {
        if hasher.finish() != link.chain { words.append("the chain does not fit the records") }
        if link.previous != chain {
            words.append("the chain is broken before record \(link.first)")
        }
        chain = link.chain
    }

    /// Channels of the chunk that were not proved before it; all of them where an announcement was read.
    private mutating func channelsToProve() -> [MCAP.Channel] {
        defer { hasAnnounced = false }
        return hasAnnounced ? chunk.channels : chunk.newChannels
    }

    private mutating func announce(_ payload: UnsafeRawBufferPointer) {
        guard let stream = ChannelAnnouncement(payload: payload) else { return }
        announced[stream.id.value] = stream.name.text
        hasAnnounced = true
    }
}
