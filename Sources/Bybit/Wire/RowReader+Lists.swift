import JSON
import Market

/// Fields that hold several values.
extension RowReader {
    mutating func number(_ key: StaticString, _ value: inout Numeral?, _ absence: Absence) {
        value = nil
        guard let found = find(key, .optional) else { return }
        guard found.isString || found.isNumber else { return fail(found, .wrongType, .optional) }
        if found.raw.isEmpty { return }
        do throws(NumberError) {
            let numeral = try Numeral(text: found.raw)
            if absence == .zero, numeral.isZero { return }
            value = numeral
        } catch {
            fail(found, .number(error), .optional)
        }
    }

    mutating func integers(_ key: StaticString, _ values: inout [Int64]) {
        guard let found = find(key, .optional) else { return }
        guard found.isArray else { return fail(found, .wrongType, .optional) }
        for element in found.elements {
            guard element.isNumber || element.isString, let number = JSONNumber.int64(element.raw)
            else {
                fail(element, .wrongType, .optional)
                continue
            }
            values.append(number)
        }
    }

    mutating func texts(_ key: StaticString, _ values: inout [String]) {
        guard let found = find(key, .optional) else { return }
        guard found.isArray else { return fail(found, .wrongType, .optional) }
        for element in found.elements {
            guard let text = element.string else {
                fail(element, .wrongType, .optional)
                continue
            }
            values.append(text)
        }
    }

    mutating func rows<Row: WireRow>(_ key: StaticString, _ rows: inout [Row]) {
        guard let found = find(key, .optional) else { return }
        guard found.isArray else { return fail(found, .wrongType, .optional) }
        var taken = Findings()
        swap(&taken, &findings)
        Row.readAll(found, category: .linear, form: form, into: &rows, findings: &taken)
        swap(&taken, &findings)
    }

    mutating func amounts(_ key: StaticString, _ amounts: inout [CoinAmount]) {
        guard let found = find(key, .optional) else { return }
        // An account without fees has `""` here.
        if found.isString, found.raw.isEmpty { return }
        guard found.isObject else { return fail(found, .wrongType, .optional) }
        for member in found.elements {
            guard let number = Fields.numeral(member, &findings) else { continue }
            var item = CoinAmount()
            item.coin = member.key
            item.amount = number
            amounts.append(item)
        }
    }

    mutating func fees(_ key: StaticString, _ fees: inout [ExtraFee]) {
        guard let found = find(key, .optional) else { return }
        if found.isString, found.raw.isEmpty { return }
        // Money that is paid: a row without it would say something wrong.
        guard found.isArray else { return fail(found, .wrongType, .required) }
        for element in found.elements {
            guard element.isObject else {
                fail(element, .wrongType, .required)
                continue
            }
            guard let coin = Fields.text("feeCoin", in: element, &findings),
                let amount = element["fee"], amount.isString
            else {
                fail(element, .wrongType, .required)
                continue
            }
            do throws(NumberError) {
                fees.append(
                    ExtraFee(
                        coin: coin,
                        type: element["feeType"]?.string ?? "",
                        amount: try Amount(text: amount.raw)
                    )
                )
            } catch {
                fail(amount, .number(error), .required)
            }
        }
    }
}
