/// Bytes that grow, with room to read past their end.
struct ByteBuffer: ~Copyable {
    /// Readable bytes behind the last: a parser may look past the end of what it was given.
    static let slack = 64

    private(set) var base: UnsafeMutableRawPointer
    private(set) var capacity: Int
    var count = 0

    init(capacity: Int = 4096) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity + ByteBuffer.slack, alignment: 16)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity + ByteBuffer.slack)
    }

    deinit { base.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
    var array: [UInt8] { Array(bytes) }

    /// Makes room for `extra` more bytes.
    @inline(__always)
    mutating func reserve(_ extra: Int) {
        if count + extra > capacity { grow(to: count + extra) }
    }

    @inline(never)
    private mutating func grow(to needed: Int) {
        let larger = max(needed, capacity * 2)
        let fresh = UnsafeMutableRawPointer.allocate(
            byteCount: larger + ByteBuffer.slack,
            alignment: 16
        )
        fresh.initializeMemory(as: UInt8.self, repeating: 0, count: larger + ByteBuffer.slack)
        fresh.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = fresh
        capacity = larger
    }

    /// Gives memory back after an unusually large use.
    mutating func shrink(to limit: Int) {
        guard capacity > limit, count <= limit else { return }
        var smaller = ByteBuffer(capacity: limit)
        smaller.append(bytes)
        swap(&self, &smaller)
    }

    @inline(__always)
    mutating func append(_ value: some FixedWidthInteger) {
        reserve(MemoryLayout.size(ofValue: value))
        base.storeBytes(of: value.littleEndian, toByteOffset: count, as: type(of: value))
        count += MemoryLayout.size(ofValue: value)
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Writes over bytes that are already there.
    @inline(__always)
    mutating func set(_ value: some FixedWidthInteger, at offset: Int) {
        base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: type(of: value))
    }
}

/// Bytes that do not read as what they should be, at an offset from where reading began.
struct Malformed: Error, Hashable {
    var text: String
    var offset: Int
    /// When it is something with a name of its own.
    var reason: JournalError.Reason?

    init(_ text: String, at offset: Int) {
        self.text = text
        self.offset = offset
    }
}

/// Takes values off the front of bytes, each length checked before it is used.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }
    var isAtEnd: Bool { offset == bytes.count }

    mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(Malformed) -> Value {
        let size = MemoryLayout<Value>.size
        guard remaining >= size else { throw Malformed("a field ends too early", at: offset) }
        defer { offset += size }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    mutating func take(_ count: some FixedWidthInteger) throws(Malformed) -> UnsafeRawBufferPointer
    {
        guard count >= 0, let count = Int(exactly: count), count <= remaining else {
            throw Malformed("a length of \(count) with \(remaining) bytes left", at: offset)
        }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    }

    /// A string with a 32-bit length before it.
    mutating func string() throws(Malformed) -> String {
        let start = offset
        let body = try take(try integer(UInt32.self))
        guard let text = String(validating: body, as: UTF8.self) else {
            throw Malformed("text that is not UTF-8", at: start)
        }
        return text
    }

    /// A map of strings with a 32-bit length in bytes before it.
    mutating func map() throws(Malformed) -> [Label] {
        var inside = ByteReader(try take(try integer(UInt32.self)))
        var pairs: [Label] = []
        while !inside.isAtEnd {
            let key = try inside.string()
            pairs.append(Label(key, try inside.string()))
        }
        return pairs
    }
}
