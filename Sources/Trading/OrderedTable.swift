/// Values by key, kept in the order of their keys: what a `Dictionary` is elsewhere, with one order in every process.
///
/// Look-up is by halving; insertion moves what follows. Meant for up to some thousands of entries.
public struct OrderedTable<Key, Value>: Sendable, Codable
where Key: Comparable & Codable & Sendable, Value: Codable & Sendable {
    public private(set) var keys: [Key] = []
    public internal(set) var values: [Value] = []

    public init() {}

    public var count: Int { keys.count }
    public var isEmpty: Bool { keys.isEmpty }

    public subscript(key: Key) -> Value? {
        get { index(of: key).map { values[$0] } }
        set {
            guard let newValue else {
                if let index = index(of: key) { remove(at: index) }
                return
            }
            let place = place(of: key)
            if place < keys.count, keys[place] == key {
                values[place] = newValue
            } else {
                keys.insert(key, at: place)
                values.insert(newValue, at: place)
            }
        }
    }

    public func index(of key: Key) -> Int? {
        let place = place(of: key)
        return place < keys.count && keys[place] == key ? place : nil
    }

    /// The place of `key`, where `value` is put first if the key is new.
    public mutating func index(of key: Key, orInsert value: @autoclosure () -> Value) -> Int {
        let place = place(of: key)
        if place == keys.count || keys[place] != key {
            keys.insert(key, at: place)
            values.insert(value(), at: place)
        }
        return place
    }

    public mutating func remove(at index: Int) {
        keys.remove(at: index)
        values.remove(at: index)
    }

    public mutating func removeAll() {
        keys.removeAll()
        values.removeAll()
    }

    private func place(of key: Key) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension OrderedTable: Equatable where Value: Equatable {}
extension OrderedTable: Hashable where Key: Hashable, Value: Hashable {}
