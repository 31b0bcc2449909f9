/// Bybit's name of an instrument, such as `BTCUSDT`, `BTC-25DEC26-90000-C`, `SOLUSDT_SOL/USDT`.
///
/// Thirty-two bytes in place, so that a symbol per message costs no allocation. The same text may name a spot
/// pair and a perpetual: identify an instrument by ``InstrumentID``.
///
/// - Range: 1 ... 32 bytes of printable ASCII.
public struct Symbol: Hashable, Sendable {
    @usableFromInline var a: UInt64
    @usableFromInline var b: UInt64
    @usableFromInline var c: UInt64
    @usableFromInline var d: UInt64

    /// Nothing: the symbol of an event that concerns no single instrument.
    public static let none = Symbol(a: 0, b: 0, c: 0, d: 0)

    @usableFromInline
    init(a: UInt64, b: UInt64, c: UInt64, d: UInt64) {
        self.a = a
        self.b = b
        self.c = c
        self.d = d
    }

    /// `nil` when empty, longer than 32 bytes, or not printable ASCII.
    @inlinable
    public init?(bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty, bytes.count <= 32 else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for byte in bytes where byte <= 0x20 || byte >= 0x7f { return nil }
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
        // Big-endian words compare as the text does.
        self.init(
            a: UInt64(bigEndian: words.0),
            b: UInt64(bigEndian: words.1),
            c: UInt64(bigEndian: words.2),
            d: UInt64(bigEndian: words.3)
        )
    }

    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let symbol = bytes.withUnsafeBytes({ Symbol(bytes: $0) }) else { return nil }
        self = symbol
    }

    public var isNone: Bool { a == 0 }

    /// Calls `body` with the text, in memory that ends with the call.
    @inlinable
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // No byte of the text is zero: it ends with the last one that is not.
        let count =
            d != 0
            ? 32 - d.trailingZeroBitCount / 8
            : c != 0
                ? 24 - c.trailingZeroBitCount / 8
                : b != 0
                    ? 16 - b.trailingZeroBitCount / 8 : a != 0 ? 8 - a.trailingZeroBitCount / 8 : 0
        let words = (a.bigEndian, b.bigEndian, c.bigEndian, d.bigEndian)
        return withUnsafeBytes(of: words) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    /// Mostly the same or other ones from the first letter on: one branch for all four words.
    @inlinable
    public static func == (left: Symbol, right: Symbol) -> Bool {
        (left.a ^ right.a) | (left.b ^ right.b) | (left.c ^ right.c) | (left.d ^ right.d) == 0
    }

    /// All four words in one: hashed more often than any other value here.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        hasher.combine(
            a ^ (b &* 0x9e37_79b9_7f4a_7c15) ^ (c &* 0xbf58_476d_1ce4_e5b9)
                ^ (d &* 0x94d0_49bb_1331_11eb)
        )
    }

    /// A quick mix of the text, its high bits the best: for tables of places that are looked at again.
    @inlinable
    public var mixed: UInt64 {
        ((a ^ (a >> 29)) &+ (b &* 0xbf58_476d_1ce4_e5b9) &+ c &+ d) &* 0x9e37_79b9_7f4a_7c15
    }

    /// A fixed mix of the text: the same in every process, unlike `Hasher`.
    @inlinable
    public var fixedHash: UInt64 {
        Mix.combine(Mix.combine(Mix.combine(Mix.combine(0, a), b), c), d)
    }
}

extension Symbol: Comparable {
    /// As text, byte by byte.
    @inlinable
    public static func < (left: Symbol, right: Symbol) -> Bool {
        if left.a != right.a { return left.a < right.a }
        if left.b != right.b { return left.b < right.b }
        if left.c != right.c { return left.c < right.c }
        return left.d < right.d
    }
}

extension Symbol: CustomStringConvertible {
    public var description: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
