import Market

/// A line of comma-separated values as Bybit writes them: no quotes, no commas inside.
enum CSVLine {
    static func fields(_ line: [UInt8]) -> [String] {
        line.split(separator: 0x2c, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Decimal text of a CSV brought to the form that the exchange's own messages have.
///
/// Tables that went through a program of statistics have exponents: `1e-05` is `0.00001`, exactly.
enum PlainDecimal {
    static func text(_ text: String) throws(LineError) -> String {
        guard !text.isEmpty, text.utf8.count <= 64 else {
            throw LineError("`\(text.prefix(64))` is no number")
        }
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        guard parts.count <= 2 else { throw LineError("`\(text)` is no number") }
        let number: DecimalText.Number
        do throws(NumberError) {
            number = try read(String(parts[0]))
        } catch {
            throw LineError("`\(text)` \(error)")
        }
        guard parts.count == 2 else { return text }
        guard let exponent = Int(parts[1]), (-38...38).contains(exponent) else {
            throw LineError("`\(text)` has no exponent that fits")
        }
        var mantissa = number.mantissa
        var decimals = number.decimals - exponent
        while decimals < 0 {
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            guard !overflow else { throw LineError("`\(text)` does not fit") }
            mantissa = product
            decimals += 1
        }
        while decimals > 0, mantissa % 10 == 0 {
            mantissa /= 10
            decimals -= 1
        }
        return DecimalText.write(mantissa, decimals: decimals)
    }

    private static func read(_ text: String) throws(NumberError) -> DecimalText.Number {
        var result: Result<DecimalText.Number, NumberError> = .failure(.empty)
        Array(text.utf8).withUnsafeBytes { bytes in
            do throws(NumberError) {
                result = .success(try DecimalText.read(bytes, digitsMax: 38))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    /// Seconds with a fraction, or a whole number of milliseconds, as a time; digits below a nanosecond are refused.
    static func time(_ text: String, decimals unit: Int) throws(LineError) -> Timestamp {
        let number: DecimalText.Number
        do throws(NumberError) {
            number = try read(text)
        } catch {
            throw LineError("the time `\(text)` \(error)")
        }
        var nanoseconds = number.mantissa
        var decimals = number.decimals
        while decimals > unit, nanoseconds % 10 == 0 {
            nanoseconds /= 10
            decimals -= 1
        }
        guard decimals <= unit else { throw LineError("the time `\(text)` is finer than 1 ns") }
        let (product, overflow) = nanoseconds.multipliedReportingOverflow(
            by: PowerOfTen.int128(unit - decimals)
        )
        guard !overflow, let fits = Int64(exactly: product) else {
            throw LineError("the time `\(text)` does not fit")
        }
        return Timestamp(nanoseconds: fits)
    }
}
