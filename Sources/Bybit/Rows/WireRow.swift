import JSON
import Market

/// A row of a list, in a push or in a reply, with one description for both directions.
protocol WireRow {
    /// A row before its fields are read; what is optional on the wire keeps these values.
    static func blank(category: Category) -> Self
    mutating func code<Coder: WireCoder>(_ coder: inout Coder)
}

extension WireRow {
    func write(to writer: inout WireWriter) {
        // A writer only looks: the description is `mutating` for the reader's sake.
        var copy = self
        copy.code(&writer)
    }

    /// Reads the row; `nil` when it is no object or lacks a field that it cannot stand without.
    static func read(
        _ value: JSONValue,
        category: Category,
        form: RowForm,
        findings: inout Findings
    ) -> Self? {
        guard let members = JSONMembers(value) else {
            findings.add(value, .wrongType)
            return nil
        }
        var row = blank(category: category)
        var reader = RowReader(members, form: form, findings: findings)
        findings = Findings()
        row.code(&reader)
        findings = reader.findings
        return reader.isValid ? row : nil
    }

    /// Reads all rows of an array into `rows`.
    static func readAll(
        _ list: JSONValue,
        category: Category,
        form: RowForm,
        into rows: inout [Self],
        findings: inout Findings
    ) {
        guard list.isArray else {
            findings.add(list, .wrongType)
            return
        }
        for element in list.elements {
            if let row = read(element, category: category, form: form, findings: &findings) {
                rows.append(row)
            }
        }
    }
}

extension Symbol {
    /// The coin that an instrument's P&L and fees are in, as its symbol tells: USDT, USDC, or the base coin.
    ///
    /// `BTCUSDT` and `BTCUSDT-25DEC26` settle in USDT, `BTCPERP` and `BTC-25DEC26` in USDC, `BTCUSD` in BTC.
    func settleCoin(_ category: Category) -> String {
        let text = description
        switch category {
        case .linear:
            let head = text.split(separator: "-").first.map(String.init) ?? text
            return head.hasSuffix("USDT") ? "USDT" : "USDC"
        case .option: return text.hasSuffix("-USDT") ? "USDT" : "USDC"
        case .inverse:
            guard let end = text.range(of: "USD")?.lowerBound else { return "" }
            return String(text[..<end])
        case .spot, .spread: return ""
        }
    }
}

extension String {
    /// The first place of `part`; the standard library's own needs a newer Foundation or a regular expression.
    fileprivate func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) {
                return start..<index(start, offsetBy: part.count)
            }
            start = index(after: start)
        }
        return nil
    }
}
