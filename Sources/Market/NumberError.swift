/// Why a number could not be read or computed; never replaced by a wrong number.
public enum NumberError: Error, Hashable, Sendable {
    /// The text is empty.
    case empty
    /// The byte at this offset of the text does not belong to a decimal number.
    case unexpectedByte(offset: Int)
    /// The number has more digits than fit: 18 for ``Numeral``, 39 for ``Amount``.
    case tooLong
    /// The number has more decimals than the scale it is brought to (a price off its instrument's scale).
    case tooFine(decimals: Int, scale: Int)
    /// The result of an addition or multiplication does not fit.
    case overflow
    /// A division by zero, such as the average of nothing.
    case divisionByZero
}

extension NumberError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "is empty"
        case .unexpectedByte(let offset): "has a byte at offset \(offset) that is not of a number"
        case .tooLong: "has more digits than fit"
        case .tooFine(let decimals, let scale): "has \(decimals) decimals where \(scale) fit"
        case .overflow: "does not fit"
        case .divisionByZero: "divides by zero"
        }
    }
}
