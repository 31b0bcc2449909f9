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

    let sink: Sink
    var bytes: [UInt8] = []
    var leaves: [(path: String, text: String)] = []
    private var hash: UInt64 = 0
    /// Steps from the root to the value that is written next.
    private(set) var steps: [Step] = [.root]
    /// For each open container, the depth of ``steps`` inside it.
    private var open: [(id: Int, depth: Int)] = []
    private var nextID = 1
    /// Tokens so far, so that a value which writes none is noticed.
    private(set) var tokens = 0
    private(set) var failure: CanonicalError?

    init(sink: Sink) { self.sink = sink }

    var path: String {
        var text = ""
        for step in steps {
            switch step {
            case .root: break
            case .key(let key): text += text.isEmpty ? key : "." + key
            case .index(let index): text += "[\(index)]"
            }
        }
        return text.isEmpty ? "state" : text
    }

    // MARK: Containers

    func begin(_ token: UInt8) -> Int {
        put(token)
        if sink == .difference, token == CanonicalWalk.tokenElements {
            leaves.append((path, "list"))
        }
        let id = nextID
        nextID += 1
        open.append((id, steps.count))
        return id
    }

    /// Keeps an error of a step that cannot throw, for the next one that can.
    func fail(_ error: CanonicalError) {
        if failure == nil { failure = error }
    }

    /// Makes `id` the innermost container, ending those inside it.
    func enter(_ id: Int) throws(CanonicalError) {
        if let failure { throw failure }
        if let last = open.last, last.id == id { return }
        guard open.contains(where: { $0.id == id }) else { throw .interleaved(path: path) }
        while let last = open.last, last.id != id { end(last.depth) }
    }

    /// Ends all containers opened since there were `count` of them.
    func close(downTo count: Int) {
        while open.count > count, let last = open.last { end(last.depth) }
    }

    var openCount: Int { open.count }

    private func end(_ depth: Int) {
        open.removeLast()
        steps.removeLast(steps.count - depth)
        put(CanonicalWalk.tokenEnd)
    }

    /// Names the field or element that is written next in the innermost container.
    func at(_ step: Step) {
        guard let last = open.last else { return }
        steps.removeLast(steps.count - last.depth)
        steps.append(step)
        if case .key(let key) = step, sink != .difference {
            bytes.append(CanonicalWalk.tokenField)
            text(key)
        }
    }

    // MARK: Values

    func writeNil() {
        put(CanonicalWalk.tokenNil)
        if sink == .difference { leaves.append((path, "nil")) }
    }

    func write(_ flag: Bool) {
        put(flag ? CanonicalWalk.tokenTrue : CanonicalWalk.tokenFalse)
        if sink == .difference { leaves.append((path, flag ? "true" : "false")) }
    }

    func write(_ number: Int64) {
        put(CanonicalWalk.tokenInteger)
        if sink == .difference {
            leaves.append((path, String(number)))
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
            leaves.append((path, String(number)))
        } else {
            let pattern = UInt128(bitPattern: number)
            for shift in stride(from: 0, to: 128, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: pattern >> UInt128(shift)))
            }
        }
    }

    func write(_ string: String) {
        put(CanonicalWalk.tokenText)
        if sink == .difference { leaves.append((path, string)) } else { text(string) }
    }

    private func put(_ token: UInt8) {
        tokens += 1
        if sink == .difference { return }
        bytes.append(token)
        if sink == .hash, bytes.count >= 4_096 { mix() }
    }

    private func text(_ string: String) {
        varint(UInt64(string.utf8.count))
        bytes.append(contentsOf: string.utf8)
    }

    private func varint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    // MARK: The end

    private func mix() {
        hash = bytes.withUnsafeBytes { Mix.hash($0, seed: hash) }
        bytes.removeAll(keepingCapacity: true)
    }

    func finishedHash() -> UInt64 {
        mix()
        return hash
    }
}
