import Market

/// A question that is to be asked at a moment, such as one that failed and is asked again.
struct Deferred: Hashable, Sendable, Codable {
    var lookUp: LookUp
    var due: Timestamp
    /// Asked only while the fate of the order is still unknown.
    var isSettlement = false
}

/// The sockets, and how far the exchange's word on the account has been taken in.
struct Links: Sendable, Codable {
    enum State: String, Hashable, Sendable, Codable {
        case down
        case connected
        case ready
        /// Open, and a bot's own: it passes the proxy, which subscribes nothing on it.
        case carried
    }

    private(set) var sockets = OrderedTable<String, State>()
    /// Under way from the moment a private socket is ready until all replies are merged.
    var reconciliation: Reconciliation?
    /// The newest execution that was counted when something of the private stream was last missed, Unix milliseconds.
    ///
    /// What comes before the lists are asked for tells nothing of what was missed. `nil` once they are asked for.
    var lookBack: Int64?
    /// Since the private socket was last lost, a reconciliation has been completed.
    var isReconciled = false
    /// The first reconciliation of the session opens the ledger.
    var isOpened = false
    /// Private frames that could not be read, and what has been asked for because of them.
    var damage: Damage?
    /// What the operator, or a part of the session that speaks as one, halts for; `nil` when nothing does.
    var operatorHalt: String?
    /// What the journal halts for while the disk is slow or full; only it lifts this.
    var journalHalt: String?
    /// The session ends: what opens is cancelled.
    var isStopping = false
    var deferred: [Deferred] = []
    /// Streams with records that this version does not know, and how many of them.
    var unknown = OrderedTable<String, Int64>()
    /// When the session, or this run of it, began.
    var began = Timestamp.zero

    /// Some private socket is authenticated and subscribed.
    private(set) var isPrivateReady = false

    /// The socket stands: what is refused on it costs what was asked for and nothing else.
    func isAlive(_ socket: String) -> Bool { (sockets[socket] ?? .down) != .down }

    mutating func set(_ socket: String, _ state: State) {
        sockets[socket] = state
        isPrivateReady = false
        for place in sockets.keys.indices
        where sockets.keys[place].hasPrefix("private/") && sockets.values[place] == .ready {
            isPrivateReady = true
        }
    }

    /// Books of the category come by sockets of bots alone: nobody here can ask for their snapshots.
    func isCarried(_ category: Category) -> Bool {
        var isCarried = false
        for place in sockets.keys.indices {
            guard StreamName(sockets.keys[place]).base == "public/" + category.name else {
                continue
            }
            switch sockets.values[place] {
            case .carried: isCarried = true
            case .connected, .ready: return false
            case .down: break
            }
        }
        return isCarried
    }

    mutating func forgetSockets() {
        sockets.removeAll()
        isPrivateReady = false
    }
}

/// What was missed and is asked for: private frames that could not be read, whatever they said; pushes of a book of
/// price improvements.
///
/// At once the first time. While more of it comes, as of a field that the exchange has changed for good, ever more
/// seldom: 5 s after the first time, twice as long each time, 320 s at most.
struct Damage: Hashable, Sendable, Codable {
    /// After so long without asking the next one counts as the first again: 15 min.
    private static let calm: Int64 = 900_000_000_000

    private var askedAt: Timestamp
    private var questions = 1
    /// Something came since that was not asked for yet.
    private var isOpen = false

    /// The first one, for which is asked now.
    init(at time: Timestamp) { askedAt = time }

    private var pause: Int64 { 5_000_000_000 << Int64(min(questions - 1, 6)) }

    /// Another one, or the one that waits once more; true when it is asked for at once.
    mutating func add(at time: Timestamp) -> Bool {
        let passed = time.nanoseconds - askedAt.nanoseconds
        if passed >= Damage.calm { questions = 0 }
        isOpen = true
        return isDue(at: time)
    }

    /// True once for what has waited long enough.
    mutating func isDue(at time: Timestamp) -> Bool {
        guard isOpen, questions == 0 || time.nanoseconds - askedAt.nanoseconds >= pause else {
            return false
        }
        isOpen = false
        askedAt = time
        questions += 1
        return true
    }

    /// All is asked for, for another reason.
    mutating func covered() { isOpen = false }
}

/// What is known of the account so far, after a private socket became ready.
///
/// Executions that come meanwhile wait, so that those missed are counted before them.
struct Reconciliation: Hashable, Sendable, Codable {
    /// One reply that is needed.
    struct Part: Hashable, Sendable, Codable {
        var endpoint: Endpoint
        var category: Category?
    }

    /// A list that reaches back further than the exchange gives at once comes in several, from Unix millisecond to Unix
    /// millisecond.
    struct Window: Hashable, Sendable, Codable {
        var part: Part
        var start: Int64
        var end: Int64
    }

    var began: SequenceNumber
    var beganAt: Timestamp
    /// Executions are asked for from a while before this on, Unix milliseconds.
    var since: Int64?
    var waiting: [Part]
    /// Those that have come whole.
    var windows: [Window]?
    var executions: [ExecutionReport] = []
    var positions: [PositionUpdate] = []
    var wallets: [WalletUpdate] = []
    /// The exchange's own time of the wallet's reply, Unix milliseconds; 0 where it gave none.
    var walletMilliseconds: Int64 = 0
    /// The same of each list of positions, of its first page.
    var positionMilliseconds = OrderedTable<OpenedList, Int64>()
    /// Ids, ours or theirs, of the orders that the exchange lists as open.
    var listed: [String] = []
    var orders = 0
}
