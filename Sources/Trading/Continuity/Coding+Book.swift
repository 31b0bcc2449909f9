import Market

/// A book in the state: its levels in a checkpoint or a difference, its hash where a hash is made.
struct StoredBook: Codable {
    private enum Key: String, CodingKey { case scale, hash, bids, asks }

    var book: Book

    init(_ book: Book) { self.book = book }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        var book = Book(scale: try container.decode(Scale.self, forKey: .scale))
        for level in try container.decode([Level].self, forKey: .bids) {
            book.set(.buy, price: level.price, size: level.size)
        }
        for level in try container.decode([Level].self, forKey: .asks) {
            book.set(.sell, price: level.price, size: level.size)
        }
        self.book = book
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(book.scale, forKey: .scale)
        if CanonicalPurpose.isHash(encoder) {
            try container.encode(book.contentHash, forKey: .hash)
        } else {
            try container.encode(book.bids, forKey: .bids)
            try container.encode(book.asks, forKey: .asks)
        }
    }
}

extension BookFeed {
    private enum Key: String, CodingKey {
        case depth, topic, freshness, updateID, crossSequence, matchTimeMilliseconds, book, slot
        case waitingSince, ignored, covers, sync, behind
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        depth = try container.decode(Int.self, forKey: .depth)
        topic = try container.decode(String.self, forKey: .topic)
        freshness = try container.decode(Freshness.self, forKey: .freshness)
        updateID = try container.decode(Int64.self, forKey: .updateID)
        crossSequence = try container.decode(Int64.self, forKey: .crossSequence)
        matchTimeMilliseconds = try container.decode(Int64.self, forKey: .matchTimeMilliseconds)
        book = try container.decode(StoredBook.self, forKey: .book).book
        slot = try container.decode(Int.self, forKey: .slot)
        waitingSince = try container.decodeIfPresent(Timestamp.self, forKey: .waitingSince)
        ignored = try container.decode(Int64.self, forKey: .ignored)
        covers = try container.decodeIfPresent([Int].self, forKey: .covers) ?? []
        sync = try container.decodeIfPresent(FullBookSync.self, forKey: .sync)
        behind = try container.decodeIfPresent(Int64.self, forKey: .behind) ?? 0
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(depth, forKey: .depth)
        try container.encode(topic, forKey: .topic)
        try container.encode(freshness, forKey: .freshness)
        try container.encode(updateID, forKey: .updateID)
        try container.encode(crossSequence, forKey: .crossSequence)
        try container.encode(matchTimeMilliseconds, forKey: .matchTimeMilliseconds)
        try container.encode(StoredBook(book), forKey: .book)
        try container.encode(slot, forKey: .slot)
        try container.encodeIfPresent(waitingSince, forKey: .waitingSince)
        try container.encode(ignored, forKey: .ignored)
        if !covers.isEmpty { try container.encode(covers, forKey: .covers) }
        try container.encodeIfPresent(sync, forKey: .sync)
        if behind != 0 { try container.encode(behind, forKey: .behind) }
    }
}
