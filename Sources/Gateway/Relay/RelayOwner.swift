public import Market

/// Who records what passes the relay; called on the relay's loop, in the order in which things happen.
///
/// What is to go on goes on inside the call, by `forward`: the owner appends before it and may go on after it.
public protocol RelayOwner: AnyObject {
    /// A request is about to leave.
    ///
    /// - Parameter forward: lets it leave, or, with the body of an answer, refuses it; called once.
    func relay(asked exchange: RelayExchange, forward: (RelayExchange, _ refusal: [UInt8]?) -> Void)
    /// A request came to its end; `forward` gives the bot its answer.
    func relay(ended exchange: RelayExchange, forward: () -> Void)
    /// A bot and the exchange speak WebSocket from here on.
    func relay(opened socket: RelaySocket)
    /// A whole message; one of a bot that is not forwarded does not leave, where ``RelaySocket/holdsMessages``.
    func relay(
        message: UnsafeRawBufferPointer,
        on socket: RelaySocket,
        at time: Timestamp,
        isFromBot: Bool,
        forward: () -> Void
    )
    /// The exchange has answered 403: nothing leaves for a while.
    func relayWasShutOut()
    /// A connection was closed at once: as many as are taken are open.
    func relayIsFull()
    /// The end of one that was opened, or of an attempt that was not.
    func relay(closed socket: RelaySocket, reason: String)
}

/// One WebSocket of a bot, for its owner.
public final class RelaySocket {
    public let path: RelayPath
    /// A message of the bot leaves when all of it is here, so that it can be refused.
    public let holdsMessages: Bool
    /// The exchange has taken it up.
    public internal(set) var wasOpened = false
    /// The owner's: the account, once the bot has said who it is.
    public var account: String?
    /// The owner's: its place in the owner's own tables.
    public var slot: SocketSlot?
    public var number = 0
    weak var tunnel: RelayTunnel?

    init(path: RelayPath, holdsMessages: Bool) {
        self.path = path
        self.holdsMessages = holdsMessages
    }

    /// Gives the bot a message that the exchange did not send: the answer to one that did not leave.
    public func answer(_ payload: [UInt8]) { tunnel?.answer(payload) }
}
