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
    /// Since the private socket was last lost, a reconciliation has been completed.
    var isReconciled = false
    /// The first reconciliation of the session opens the ledger.
    var isOpened = false
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

/// What is known of the account so far, after a private socket became ready.
///
/// Executions that come meanwhile wait, so that those missed are counted before them.
struct Reconciliation: Hashable, Sendable, Codable {
    /// One reply that is needed.
    struct Part: Hashable, Sendable, Codable {
        var endpoint: Endpoint
        var category: Category?
    }

    var began: SequenceNumber
    var beganAt: Timestamp
    var waiting: [Part]
    var executions: [ExecutionReport] = []
    var positions: [PositionUpdate] = []
    var wallets: [WalletUpdate] = []
    /// The exchange's own time of the wallet's reply, Unix milliseconds; 0 where it gave none.
    var walletMilliseconds: Int64 = 0
    /// Ids, ours or theirs, of the orders that the exchange lists as open.
    var listed: [String] = []
    var orders = 0
}
