import JSON
import Market

/// `user/query-api`. - Source: bybit-v5 §6.7.
///
/// `apiKey`, `secret` and `rsaPublicKey` are not read: what is not in memory cannot leave it.
extension KeyDescription: WireRow {
    static func blank(category: Category) -> KeyDescription { KeyDescription() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("note", &note, .optional)
        coder.integer("readOnly", &isReadOnly, .optional)
        coder.texts("ips", &addresses)
        coder.integer("deadlineDay", &deadlineDays, .optional)
        coder.text("expiredAt", &expiresAt, .optional)
        coder.text("createdAt", &createdAt, .optional)
        coder.integer("unified", &unified, .optional)
        coder.integer("uta", &uta, .optional)
        coder.integer("userID", &userID, .optional)
        coder.text("vipLevel", &vipLevel, .optional)
        coder.text("mktMakerLevel", &makerLevel, .optional)
        coder.flag("isMaster", &isMaster)
        coder.text("parentUid", &parentUID, .optional)
    }

    /// The row with `permissions`, an object of arrays.
    static func read(_ result: JSONValue, findings: inout Findings) -> KeyDescription? {
        guard
            var key = read(result, category: .linear, form: .list, findings: &findings)
        else { return nil }
        guard let groups = result["permissions"], groups.isObject else { return key }
        for group in groups.elements {
            for permission in group.elements {
                guard let name = permission.string else { continue }
                key.permissions.append(group.key + "." + name)
            }
        }
        return key
    }
}

/// A row of the klines: an array of texts, not an object. - Source: bybit-v5 §6.2.
extension HistoricalCandle {
    static func read(_ row: JSONValue, findings: inout Findings) -> HistoricalCandle? {
        guard row.isArray, row.count >= 5 else {
            findings.add(row, .wrongType)
            return nil
        }
        var candle = HistoricalCandle()
        for (place, field) in row.elements.enumerated() {
            if place == 0 {
                guard let start = JSONNumber.int64(field.raw) else {
                    findings.add(field, .wrongType)
                    return nil
                }
                candle.startMilliseconds = start
                continue
            }
            let number = Fields.numeral(field, &findings)
            switch place {
            case 1: candle.open = number
            case 2: candle.high = number
            case 3: candle.low = number
            case 4: candle.close = number
            case 5: candle.volume = number
            case 6: candle.turnover = number
            default: break
            }
        }
        return candle
    }

    func write(to writer: inout WireWriter) {
        writer.beginArray()
        writer.textElement(String(startMilliseconds))
        for number in [open, high, low, close] { writer.numeralElement(number) }
        if let volume { writer.numeralElement(volume) }
        if let turnover { writer.numeralElement(turnover) }
        writer.endArray()
    }
}
