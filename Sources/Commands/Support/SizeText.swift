/// Sizes such as `64MiB`, `20GiB`, `1000000`.
enum SizeText {
    static func bytes(_ text: String) throws -> UInt64 {
        let units: [(suffix: String, bytes: UInt64)] = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("B", 1),
            ("", 1),
        ]
        for unit in units where text.hasSuffix(unit.suffix) {
            let digits = text.dropLast(unit.suffix.count)
            guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
                let count = UInt64(digits)
            else { continue }
            let (product, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
            if !overflow { return product }
        }
        throw Failure(.usage, "\(text) is not a size", do: "Write 64MiB, 20GiB or bytes.")
    }
}
