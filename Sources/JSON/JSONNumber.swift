/// Whole numbers from their digits.
public enum JSONNumber {
    /// `-`? and digits, nothing else; `nil` when it is something else or does not fit.
    @inlinable
    public static func int64(_ text: UnsafeRawBufferPointer) -> Int64? {
        let count = text.count
        guard count > 0 else { return nil }
        let isNegative = text[0] == UInt8(ascii: "-")
        var offset = isNegative ? 1 : 0
        // Eighteen digits cannot overflow: the usual case needs no checks.
        guard count - offset > 0 else { return nil }
        guard count - offset <= 18 else { return int64Checked(text) }
        var value: Int64 = 0
        while offset < count {
            let digit = text[offset] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ Int64(digit)
            offset &+= 1
        }
        return isNegative ? -value : value
    }

    @inlinable
    static func int64Checked(_ text: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = text[0] == UInt8(ascii: "-")
        let digits = UnsafeRawBufferPointer(rebasing: text[(isNegative ? 1 : 0)...])
        guard let magnitude = uint64(digits) else { return nil }
        if isNegative {
            return magnitude <= UInt64(Int64.max) + 1
                ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return Int64(exactly: magnitude)
    }

    @inlinable
    public static func uint64(_ text: UnsafeRawBufferPointer) -> UInt64? {
        guard !text.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in text {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
            guard !carry else { return nil }
            value = sum
        }
        return value
    }
}
