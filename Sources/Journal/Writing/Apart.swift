import Synchronization

/// An atomic on cache lines of its own, so that who writes what stands beside it does not take it from who looks at it.
///
/// 128 bytes on either side: processors fetch lines of 64 in pairs.
struct Apart<Value: AtomicRepresentable>: ~Copyable {
    private let before = InlineArray<16, UInt64>(repeating: 0)
    let value: Atomic<Value>
    private let behind = InlineArray<16, UInt64>(repeating: 0)

    init(_ value: consuming Value) { self.value = Atomic(value) }
}

extension Apart: Sendable where Value: Sendable {}
