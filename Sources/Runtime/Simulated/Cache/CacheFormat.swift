import Market

/// The file of a ``MarketCache``: a magic, then blocks, of which the first says what it was made of.
///
/// | block | |
/// | --- | --- |
/// | 8 bytes | how many bytes its content has, the lowest first |
/// | 16 bytes | a hash of the content and of the block's place |
/// | content | whole entries; of the first block the ``DerivedIdentity`` as text |
///
/// Entries stand in the order of the records. Each begins with its kind; numbers are differences from the entry before, so
/// that a file is read from its beginning only.
enum CacheFormat {
    /// Of the file's layout and of what is kept in it.
    static let version = 1
    static let magic = Array("TAPEMKT1".utf8)
    static let headBytes = 24
    /// A block ends with the first entry that reaches this; one entry may be longer.
    static let blockBytes = 256 << 10
    /// No block is longer, written or read: its length is believed before its hash is known.
    static let blockBytesMost = 64 << 20
    /// No file has more streams.
    static let lanesMost: Int64 = 65_536

    enum Entry: UInt8 {
        /// Records that neither side has a use for, the first of them of another time than the record before.
        case passed
        /// Name of the next stream.
        case stream
        /// A record's own bytes: decoded anew whenever it is read.
        case payload
        case book
        case trades
        case ticker
        /// The end of a block: how many records there were up to here, and the number of the last one.
        case sum
        /// Behind the last sum.
        case end
    }

    static func entry(of kind: Event.Kind) -> Entry? {
        switch kind {
        case .book: .book
        case .publicTrades: .trades
        case .ticker: .ticker
        default: nil
        }
    }

    /// Length and hashes of a block's content.
    static func head(_ content: UnsafeRawBufferPointer, place: UInt64) -> [UInt8] {
        let (a, b) = Mix.wide(content)
        var head: [UInt8] = []
        for word in [UInt64(content.count), a, b ^ Mix.spread(place)] {
            for shift in 0..<8 { head.append(UInt8(truncatingIfNeeded: word >> UInt64(shift * 8))) }
        }
        return head
    }
}
