public import Market

/// The same questions with an error that says where: offset and path.
extension JSONValue {
    /// The member of that name.
    public func required(_ name: String) throws(JSONError) -> JSONValue {
        guard isObject else { throw error(.wrongType(expected: "an object")) }
        guard let value = self[name] else {
            throw JSONError(.missing, offset: offset, path: path.isEmpty ? name : path + "." + name)
        }
        return value
    }

    public func requireString() throws(JSONError) -> String {
        guard let string else { throw error(.wrongType(expected: "a string")) }
        return string
    }

    public func requireInt64() throws(JSONError) -> Int64 {
        guard let int64 else { throw error(.wrongType(expected: "a whole number that fits")) }
        return int64
    }

    public func requireBool() throws(JSONError) -> Bool {
        guard let bool else { throw error(.wrongType(expected: "true or false")) }
        return bool
    }

    public func string(_ name: String) throws(JSONError) -> String {
        try required(name).requireString()
    }

    public func int64(_ name: String) throws(JSONError) -> Int64 {
        try required(name).requireInt64()
    }

    public func bool(_ name: String) throws(JSONError) -> Bool {
        try required(name).requireBool()
    }

    /// An exact decimal, written as a string (`"64123.50"`) or as a JSON number.
    public func numeral() throws(JSONError) -> Numeral {
        guard isString || isNumber else { throw error(.wrongType(expected: "a decimal number")) }
        do throws(NumberError) {
            return try Numeral(text: raw)
        } catch let reason {
            throw error(.number(reason.description))
        }
    }

    /// An exact amount, written as a string or as a JSON number.
    public func amount() throws(JSONError) -> Amount {
        guard isString || isNumber else { throw error(.wrongType(expected: "a decimal number")) }
        do throws(NumberError) {
            return try Amount(text: raw)
        } catch let reason {
            throw error(.number(reason.description))
        }
    }

    /// Nanoseconds since 1970 as a string or number: how our own records write a time.
    public func timestamp() throws(JSONError) -> Timestamp {
        guard isString || isNumber, let nanoseconds = JSONNumber.int64(raw) else {
            throw error(.wrongType(expected: "nanoseconds since 1970"))
        }
        return Timestamp(nanoseconds: nanoseconds)
    }

    public func numeral(_ name: String) throws(JSONError) -> Numeral {
        try required(name).numeral()
    }
    public func amount(_ name: String) throws(JSONError) -> Amount { try required(name).amount() }
    public func timestamp(_ name: String) throws(JSONError) -> Timestamp {
        try required(name).timestamp()
    }

    /// An error about this value, with its offset and path.
    public func error(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason, offset: offset, path: path)
    }

    /// Where the value stands, such as `result.list[3].qty`; empty for the root.
    ///
    /// Found by walking down from the root: for messages, not for the hot path.
    public var path: String {
        var result = ""
        var parent = sibling(0)
        while parent.index < index {
            var place = 0
            var at: JSONValue?
            for child in parent.elements {
                if child.index <= index, index < Int(child.node.end) {
                    at = child
                    break
                }
                place += 1
            }
            guard let at else { return result }
            if parent.isArray {
                result += "[\(place)]"
            } else {
                result += (result.isEmpty ? "" : ".") + at.key
            }
            parent = at
        }
        return result
    }
}
