import Market

/// The one walk over a state.
///
/// What is done with each step is the sink's; what a step is, is decided here.
///
/// The walk writes tokens in the order in which `encode(to:)` names its fields:
/// nil, false, true, integer, text, begin of fields, begin of elements, end. Containers end by themselves
/// when the one around them goes on, which `Codable` does not say otherwise.
final class CanonicalWalk {
    enum Sink {
        /// Tokens become bytes, and the bytes are mixed into a hash each time some have gathered.
        case hash
        /// Tokens become bytes.
        case checkpoint
        /// Values become pairs of path and text.
        case difference
    }

    enum Step {
        case root
        case key(String)
        case index(Int)
    }

    static let tokenNil: UInt8 = 0
    static let tokenFalse: UInt8 = 1
    static let tokenTrue: UInt8 = 2
    static let tokenInteger: UInt8 = 3
    static let tokenWide: UInt8 = 4
    static let tokenText: UInt8 = 5
    static let tokenFields: UInt8 = 6
    static let tokenElements: UInt8 = 7
    static let tokenEnd: UInt8 = 8
    static let tokenField: UInt8 = 9

    /// All that changes, behind one pointer.
    ///
    /// Containers are values that share the walk, and a class's properties would be checked for exclusive access at
    /// each of the many steps.
    struct State {
        var bytes: [UInt8] = []
        var leaves: [(path: String, text: String)] = []
        var hash: UInt64 = 0
        /// Steps from the root to the value that is written next.
        var steps: [Step] = [.root]
        /// For each open container, the depth of ``steps`` inside it.
        var open: [(id: Int, depth: Int)] = []
        var nextID = 1
        /// Tokens so far, so that a value which writes none is noticed.
        var tokens = 0
        var failure: CanonicalError?
        /// Types that were judged already, and whether they are refused; for look-up only.
        var judged: [ObjectIdentifier: Bool] = [:]
        /// Types that are not refused, by some bits of their identity: most are found here, without a hash.
        var passed = [ObjectIdentifier?](repeating: nil, count: 64)
    }

    let sink: Sink
    private let state: UnsafeMutablePointer<State>

    init(sink: Sink) {
        self.sink = sink
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    var bytes: [UInt8] { state.pointee.bytes }
    var leaves: [(path: String, text: String)] { state.pointee.leaves }
    var tokens: Int { state.pointee.tokens }
    var failure: CanonicalError? { state.pointee.failure }

    /// True for a type that can never be canonical; a type is judged once.
    func refuses(_ type: Any.Type, _ judge: () -> Bool) -> Bool {
        let id = ObjectIdentifier(type)
        // What describes a type lies on 8 bytes at least.
        let slot = Int(UInt(bitPattern: id) >> 3 & 63)
        if state.pointee.passed[slot] == id { return false }
        let verdict = state.pointee.judged[id] ?? judge()
        state.pointee.judged[id] = verdict
        if !verdict { state.pointee.passed[slot] = id }
        return verdict
    }

    var path: String {
        var text = ""
        for step in state.pointee.steps {
            switch step {
            case .root: break
            case .key(let key): text += text.isEmpty ? key : "." + key
            case .index(let index): text += "[\(index)]"
            }
        }
        return text.isEmpty ? "state" : text
    }

    /// Begins anew, in the same memory; what was found out of types stays.
    func begin() {
        state.pointee.bytes.removeAll(keepingCapacity: true)
        state.pointee.leaves.removeAll(keepingCapacity: true)
        state.pointee.hash = 0
        state.pointee.steps.removeLast(state.pointee.steps.count - 1)
        state.pointee.open.removeAll(keepingCapacity: true)
        state.pointee.nextID = 1
        state.pointee.tokens = 0
        state.pointee.failure = nil
    }

    // MARK: Containers

    func begin(_ token: UInt8) -> Int {
        put(token)
        if sink == .difference, token == CanonicalWalk.tokenElements {
            state.pointee.leaves.append((path, "list"))
        }
        let id = state.pointee.nextID
        state.pointee.nextID += 1
        state.pointee.open.append((id, state.pointee.steps.count))
        return id
    }

    /// Keeps an error of a step that cannot throw, for the next one that can.
    func fail(_ error: CanonicalError) {
        if state.pointee.failure == nil { state.pointee.failure = error }
    }

    /// Makes `id` the innermost container, ending those inside it.
    func enter(_ id: Int) throws(CanonicalError) {
        if let failure { throw failure }
        if let last = state.pointee.open.last, last.id == id { return }
        guard state.pointee.open.contains(where: { $0.id == id }) else {
            throw .interleaved(path: path)
        }
        while let last = state.pointee.open.last, last.id != id { end(last.depth) }
    }

    /// Ends all containers opened since there were `count` of them.
    func close(downTo count: Int) {
        while state.pointee.open.count > count, let last = state.pointee.open.last {
            end(last.depth)
        }
    }

    var openCount: Int { state.pointee.open.count }

    private func end(_ depth: Int) {
        state.pointee.open.removeLast()
        let surplus = state.pointee.steps.count - depth
        if surplus > 0 { state.pointee.steps.removeLast(surplus) }
        put(CanonicalWalk.tokenEnd)
    }

    /// Names the field or element that is written next in the innermost container.
    func at(_ step: Step) {
        guard let last = state.pointee.open.last else { return }
        let surplus = state.pointee.steps.count - last.depth
        // Mostly the field before stands there.
        if surplus == 1 {
            state.pointee.steps[last.depth] = step
        } else {
            if surplus > 1 { state.pointee.steps.removeLast(surplus) }
            state.pointee.steps.append(step)
        }
        if case .key(let key) = step, sink != .difference {
            state.pointee.bytes.append(CanonicalWalk.tokenField)
            text(key)
        }
    }

    // MARK: Values

    func writeNil() {
        put(CanonicalWalk.tokenNil)
        if sink == .difference { state.pointee.leaves.append((path, "nil")) }
    }

    func write(_ flag: Bool) {
        put(flag ? CanonicalWalk.tokenTrue : CanonicalWalk.tokenFalse)
        if sink == .difference { state.pointee.leaves.append((path, flag ? "true" : "false")) }
    }

    func write(_ number: Int64) {
        put(CanonicalWalk.tokenInteger)
        if sink == .difference {
            state.pointee.leaves.append((path, String(number)))
        } else {
            // Zigzag, so that small negative numbers are short too.
            varint(UInt64(bitPattern: (number << 1) ^ (number >> 63)))
        }
    }

    func writeWide(_ number: Int128) {
        if let narrow = Int64(exactly: number) {
            write(narrow)
            return
        }
        put(CanonicalWalk.tokenWide)
        if sink == .difference {
            state.pointee.leaves.append((path, String(number)))
        } else {
            let pattern = UInt128(bitPattern: number)
            for shift in stride(from: 0, to: 128, by: 8) {
                state.pointee.bytes.append(UInt8(truncatingIfNeeded: pattern >> UInt128(shift)))
            }
        }
    }

    func write(_ string: String) {
        put(CanonicalWalk.tokenText)
        if sink == .difference { state.pointee.leaves.append((path, string)) } else { text(string) }
    }

    private func put(_ token: UInt8) {
        state.pointee.tokens += 1
        if sink == .difference { return }
        state.pointee.bytes.append(token)
        if sink == .hash, state.pointee.bytes.count >= 4_096 { mix() }
    }

    private func text(_ string: String) {
        varint(UInt64(string.utf8.count))
        // As one piece of memory, which all but texts of other systems are; else byte by byte.
        let isDone: Void? = string.utf8.withContiguousStorageIfAvailable {
            state.pointee.bytes.append(contentsOf: $0)
        }
        if isDone == nil { state.pointee.bytes.append(contentsOf: string.utf8) }
    }

    private func varint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            state.pointee.bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        state.pointee.bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    // MARK: The end

    private func mix() {
        state.pointee.hash = state.pointee.bytes.withUnsafeBytes {
            Mix.hash($0, seed: state.pointee.hash)
        }
        state.pointee.bytes.removeAll(keepingCapacity: true)
    }

    func finishedHash() -> UInt64 {
        mix()
        return state.pointee.hash
    }
}
