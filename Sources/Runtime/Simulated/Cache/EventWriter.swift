import Market

/// Appends the parts of events to bytes.
struct EventWriter: EventCoder {
    static var isReading: Bool { false }

    private(set) var bytes: [UInt8] = []
    private(set) var hasFailed = false

    mutating func fail() { hasFailed = true }

    /// Forgets what was written behind the first `count` bytes, and that it could not be.
    mutating func cut(to count: Int) {
        bytes.removeLast(bytes.count - count)
        hasFailed = false
    }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func byte(_ value: inout UInt8) { bytes.append(value) }

    mutating func integer(_ value: inout Int64) { append(LevelForm.fold(value)) }

    mutating func word(_ value: inout UInt64) { append(value, bytes: 8) }

    mutating func count(_ value: inout Int) { append(UInt64(value)) }

    mutating func text(_ value: inout String) {
        let utf8 = value.utf8
        append(UInt64(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    mutating func append(payload: UnsafeRawBufferPointer) {
        append(UInt64(payload.count))
        bytes.append(contentsOf: payload)
    }

    mutating func levels(_ levels: inout [LevelNumerals], near: inout Int64) {
        append(UInt64(levels.count))
        guard let first = levels.first else { return }
        let sizeDecimals = levels.first { !$0.isGone }?.size.decimals ?? 0
        let isMixed = levels.contains {
            $0.price.decimals != first.price.decimals
                || !$0.isGone && $0.size.decimals != sizeDecimals
        }
        bytes.append(isMixed ? LevelForm.mixed : first.price.decimals)
        bytes.append(isMixed ? LevelForm.mixed : sizeDecimals)
        var last = near
        near = first.price.mantissa
        for level in levels {
            guard !level.price.isNegativeZero, !level.size.isNegativeZero else { return fail() }
            let price = LevelForm.fold(level.price.mantissa &- last)
            last = level.price.mantissa
            let size = UInt64(bitPattern: level.size.mantissa)
            let priceBytes = LevelForm.bytes(price)
            let sizeBytes = level.isGone ? 0 : max(1, LevelForm.bytes(size))
            bytes.append(UInt8(priceBytes | sizeBytes << 4))
            if isMixed {
                bytes.append(level.price.decimals)
                bytes.append(level.size.decimals)
            }
            append(price, bytes: priceBytes)
            append(size, bytes: sizeBytes)
        }
    }

    private mutating func append(_ value: UInt64, bytes count: Int) {
        for place in 0..<count {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place)))
        }
    }

    /// Seven bits a byte, the lowest first; the last byte is below 128.
    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

extension LevelNumerals {
    /// Its size came as `0`, as that of a level which is deleted does.
    fileprivate var isGone: Bool { size.mantissa == 0 && size.decimals == 0 }
}
