/// Values of one size that stand together in memory and grow, behind a pointer: no check at each of millions.
struct ColumnBuffer<Value: BitwiseCopyable>: ~Copyable {
    private(set) var count = 0
    private var capacity = 0
    private var base: UnsafeMutablePointer<Value>?

    deinit { base?.deallocate() }

    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: count * MemoryLayout<Value>.stride)
    }

    @inline(__always)
    mutating func append(_ value: Value) {
        let place = room(for: 1)
        place.initialize(to: value)
        count += 1
    }

    @inline(__always)
    mutating func append(contentsOf values: UnsafeBufferPointer<Value>) {
        guard let source = values.baseAddress else { return }
        let place = room(for: values.count)
        place.initialize(from: source, count: values.count)
        count += values.count
    }

    subscript(place: Int) -> Value {
        get {
            precondition(place >= 0 && place < count, "a place that was appended")
            guard let base else { preconditionFailure("what has values has memory") }
            return base[place]
        }
        set {
            precondition(place >= 0 && place < count, "a place that was appended")
            base?[place] = newValue
        }
    }

    /// Where the next `extra` values go.
    @inline(__always)
    private mutating func room(for extra: Int) -> UnsafeMutablePointer<Value> {
        if let base, capacity - count >= extra { return base + count }
        return grow(extra)
    }

    @inline(never)
    private mutating func grow(_ extra: Int) -> UnsafeMutablePointer<Value> {
        let larger = max(count + extra, capacity * 2, 1_024)
        let fresh = UnsafeMutablePointer<Value>.allocate(capacity: larger)
        if let base {
            fresh.update(from: base, count: count)
            base.deallocate()
        }
        base = fresh
        capacity = larger
        return fresh + count
    }
}
