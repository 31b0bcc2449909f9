import Market

/// Values by instrument, kept in the order of their keys: one order in every process.
struct ByInstrument<Value> {
    private(set) var keys: [InstrumentID] = []
    var values: [Value] = []

    init() {}

    subscript(id: InstrumentID) -> Value? {
        get {
            let place = place(of: id)
            return place < keys.count && keys[place] == id ? values[place] : nil
        }
        set {
            guard let newValue else { return }
            values[index(of: id, orInsert: newValue)] = newValue
        }
    }

    /// The place of `id`, where `value` is put first if it is new.
    mutating func index(of id: InstrumentID, orInsert value: @autoclosure () -> Value) -> Int {
        let place = place(of: id)
        if place == keys.count || keys[place] != id {
            keys.insert(id, at: place)
            values.insert(value(), at: place)
        }
        return place
    }

    private func place(of id: InstrumentID) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension ByInstrument: Sendable where Value: Sendable {}
