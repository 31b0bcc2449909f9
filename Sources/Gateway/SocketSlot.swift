public import Bybit
public import Market

/// One socket of a session: which of Bybit's it is, and its slot where several carry the same.
public struct SocketSlot: Hashable, Sendable {
    public let name: SocketName
    /// 1 is the first and is not written; a second is `…@2`.
    public let slot: Int

    public init(_ name: SocketName, slot: Int = 1) {
        self.name = name
        self.slot = slot
    }

    private var suffix: String { slot == 1 ? "" : "@\(slot)" }

    /// The stream of its life: `link/public/linear`.
    public var linkStream: StreamName { StreamName("link/" + description) }

    /// The stream of what we put on it: `sent/public/linear`.
    public var sentStream: StreamName { StreamName("sent/" + description) }

    /// The stream that a frame from it belongs to: `public/linear/orderbook.50.BTCUSDT`.
    public func stream(of frame: UnsafeRawBufferPointer) -> StreamName {
        StreamNaming.name(name, frame: frame, slot: slot)
    }

    func address(at destination: Destination) -> Address {
        isPrivate ? destination.privateStream : destination.publicStream
    }

    /// True for sockets that authenticate.
    public var isPrivate: Bool {
        if case .publicData = name { return false }
        return true
    }
}

extension SocketSlot: CustomStringConvertible {
    /// `public/linear`, `public/linear@2`: the word in `link` records.
    public var description: String { name.text + suffix }
}
