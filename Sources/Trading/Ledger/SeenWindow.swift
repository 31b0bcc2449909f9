import Market

/// What rows are known by, in a window: of each a fixed hash of 128 bits, so that no text is kept and none is compared.
///
/// Two rows of a window have the same one by chance less often than once in 10²⁰ windows.
struct SeenWindow: Sendable {
    struct Entry: Hashable, Sendable, Codable {
        var a: UInt64
        var b: UInt64
        var milliseconds: Int64

        var fixedHash: UInt64 { Mix.combine(a ^ b, UInt64(bitPattern: milliseconds)) }

        func isSame(_ other: Entry) -> Bool { a == other.a && b == other.b }
    }

    /// Rows that are remembered whatever their age.
    let kept: Int
    /// Age in milliseconds, against the newest, up to which all are remembered, as far as ``most`` reaches.
    let span: Int64
    /// No more than so many are remembered, unless they are all of one millisecond.
    static let most = 262_144

    private(set) var entries: [Entry] = []
    /// Rows older than this are not told from seen ones.
    private(set) var horizon: Int64 = .min
    private(set) var newest: Int64 = 0
    /// At how many entries the old ones are looked for next; doubles when a burst leaves none, so that the work
    /// stays in proportion.
    private var limit: Int
    /// Wrapping sum over the entries, kept up so that they are not walked for each hash.
    private var entriesHash: UInt64 = 0
    /// Places of entries, from 1, by their hash; 0 is free.
    ///
    /// Rebuilt when read from a checkpoint.
    private var slots: [Slot] = []

    /// A part of the hash stands beside the place: another entry is mostly told from the one that is looked for without
    /// looking at it.
    private struct Slot {
        var tag: UInt32 = 0
        var place: UInt32 = 0
    }

    init(kept: Int, span: Int64) {
        self.kept = kept
        self.span = span
        limit = 2 * kept
    }

    func contains(_ entry: Entry) -> Bool {
        guard entry.milliseconds >= horizon else { return true }
        return !slots.isEmpty && slots[slot(of: entry)].place != 0
    }

    /// True the first time, false for a row that was counted or is too old to tell.
    @inline(__always)
    mutating func insert(_ entry: Entry) -> Bool {
        guard entry.milliseconds >= horizon else { return false }
        if slots.isEmpty { index() }
        let slot = slot(of: entry)
        if slots[slot].place != 0 { return false }
        entries.append(entry)
        slots[slot] = Slot(
            tag: UInt32(truncatingIfNeeded: entry.b),
            place: UInt32(truncatingIfNeeded: entries.count)
        )
        entriesHash &+= entry.fixedHash
        newest = max(newest, entry.milliseconds)
        if entries.count >= limit {
            forget()
        } else if 2 * entries.count > slots.count {
            index()
        }
        return true
    }

    /// Where the entry is, or the free slot where it belongs.
    @inline(__always)
    private func slot(of entry: Entry) -> Int {
        let mask = slots.count - 1
        let tag = UInt32(truncatingIfNeeded: entry.b)
        var slot = Int(truncatingIfNeeded: entry.a) & mask
        while slots[slot].place != 0 {
            if slots[slot].tag == tag, entries[Int(slots[slot].place) - 1].isSame(entry) {
                return slot
            }
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// Makes the table anew, at most half full until it is made again.
    private mutating func index() {
        var size = 1_024
        while size < 4 * max(entries.count, 1) { size *= 2 }
        if size == slots.count {
            for slot in slots.indices { slots[slot] = Slot() }
        } else {
            slots = [Slot](repeating: Slot(), count: size)
        }
        for place in entries.indices {
            var slot = Int(truncatingIfNeeded: entries[place].a) & (size - 1)
            while slots[slot].place != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Slot(
                tag: UInt32(truncatingIfNeeded: entries[place].b),
                place: UInt32(truncatingIfNeeded: place + 1)
            )
        }
    }

    private mutating func forget() {
        let oldest = newest - span
        let isFull = entries.count >= SeenWindow.most
        let surplus = entries.count - (isFull ? SeenWindow.most / 2 : kept)
        var left = 0
        for place in entries.indices {
            let entry = entries[place]
            let isOld = isFull ? entry.milliseconds < newest : entry.milliseconds < oldest
            if place < surplus, isOld {
                entriesHash &-= entry.fixedHash
                horizon = max(horizon, entry.milliseconds + 1)
            } else {
                entries[left] = entry
                left += 1
            }
        }
        entries.removeLast(entries.count - left)
        limit = 2 * max(entries.count, kept)
        if limit > SeenWindow.most, entries.count < SeenWindow.most { limit = SeenWindow.most }
        index()
    }
}

extension SeenWindow.Entry {
    /// Several texts as one row; where one ends and the next begins counts.
    init(_ texts: [String], seed: UInt64, milliseconds: Int64) {
        var a = seed
        var b = ~seed
        for text in texts {
            let (c, d) = Mix.wide(text)
            a = Mix.combine(a, c)
            b = Mix.combine(b, d)
        }
        self.init(a: a, b: b, milliseconds: milliseconds)
    }

    /// An id within something that `seed` stands for.
    ///
    /// No initialiser, since one would hold the text for itself.
    @inline(__always)
    static func of(_ id: String, seed: UInt64, milliseconds: Int64) -> SeenWindow.Entry {
        let (a, b) = Mix.wide(id)
        return SeenWindow.Entry(
            a: Mix.combine(a, seed),
            b: b ^ seed &* 0x9e37_79b9_7f4a_7c15,
            milliseconds: milliseconds
        )
    }
}

extension SeenWindow: Codable {
    private enum Key: String, CodingKey { case kept, span, entries, horizon, newest, limit }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        kept = try container.decode(Int.self, forKey: .kept)
        span = try container.decode(Int64.self, forKey: .span)
        entries = try container.decode([Entry].self, forKey: .entries)
        horizon = try container.decode(Int64.self, forKey: .horizon)
        newest = try container.decode(Int64.self, forKey: .newest)
        limit = try container.decode(Int.self, forKey: .limit)
        for entry in entries { entriesHash &+= entry.fixedHash }
        index()
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(kept, forKey: .kept)
        try container.encode(span, forKey: .span)
        if CanonicalPurpose.isHash(encoder) {
            try container.encode(entriesHash, forKey: .entries)
        } else {
            try container.encode(entries, forKey: .entries)
        }
        try container.encode(horizon, forKey: .horizon)
        try container.encode(newest, forKey: .newest)
        try container.encode(limit, forKey: .limit)
    }
}
