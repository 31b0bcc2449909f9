import Bybit
public import Gateway
public import Journal
public import Market
import Runtime
public import Trading

/// All that a live session is told; words and texts, so that whoever makes it needs no network module.
public struct SessionConfiguration: Sendable {
    /// Where to connect.
    public enum Target: Hashable, Sendable {
        /// One of Bybit's environments: `mainnet`, `testnet`, `demo`, `eu`, …
        case environment(String)
        /// One `http[s]://HOST:PORT` from which REST and all WebSocket paths follow.
        case endpoint(String)
    }

    /// Which key signs; the secret itself stays in `Gateway`.
    public enum Key: Sendable {
        /// A section of a credentials file, or a file of systemd's credentials directory.
        case named(String, file: String?)
        /// For the built-in exchange, whose keys are made at start; bound to loopback.
        case builtIn(key: String, secret: [UInt8])
    }

    /// One topic of one public category, or a rule that picks topics: `linear:orderbook.50.BTCUSDT`,
    /// `linear:tickers.top:30`, `option:tickers.BTC-* within:30d`.
    public struct Subscription: Hashable, Sendable {
        public var category: Category
        /// The topic or rule; a window stands after a blank.
        public var topic: String

        public init(_ category: Category, _ topic: String) {
            self.category = category
            self.topic = topic
        }

        var text: String { "\(category.name):\(topic)" }

        /// Why it cannot be subscribed; `nil` when it can.
        public var problem: String? {
            do throws(SubscriptionRuleError) {
                _ = try SubscriptionRule(text: text)
                return nil
            } catch {
                return error.description
            }
        }
    }

    /// When an order may leave.
    public enum OrderDurability: String, Hashable, Sendable, CaseIterable {
        /// Its record survives `kill -9`.
        case written
        /// Its record survives a power cut.
        case durable
    }

    /// The way of new orders, amendments and cancels.
    public enum OrderEntry: String, Hashable, Sendable, CaseIterable {
        case rest
        /// The trade WebSocket; by REST while it is not there.
        case socket
    }

    /// What happens to public data while the disk is slower than the market.
    public enum FullQueue: String, Hashable, Sendable, CaseIterable {
        /// Sockets are not read until the queue is shorter: what comes waits in the kernel, then at the exchange.
        case stall
        /// Frames are given up, and a record says how many.
        case shed
    }

    /// Bytes that may wait for the disk; a quarter is kept for private data and commands.
    ///
    /// At the least, a read of each socket still fits between half and three quarters of it.
    public static let queueRange = (1 << 20)...(1 << 30)

    /// Bytes at which a segment ends and the next begins.
    public static let segmentRange: ClosedRange<UInt64> = (64 << 10)...(16 << 30)

    /// When a recording is sealed and the next begun, while the session runs.
    public enum Roll: String, Hashable, Sendable, CaseIterable {
        /// At 00:00 UTC.
        case day
    }

    public var target: Target
    /// `nil`: one recording, until the session ends.
    public var roll: Roll?
    /// The folder of a session that rolls; ``path`` does not count then.
    public var folder: String?
    /// Others record into ``folder`` too: the session begins a row of its own instead of going on with what is there.
    public var sharesFolder = false
    /// Called on the loop each time that the session has gone on in a new recording, with its directory.
    public var onMove: @Sendable (_ path: String) -> Void = { _ in }
    /// Called on the loop when the rule for a full disk ends the session: whoever runs it is to stop it.
    public var onDiskStop: @Sendable () -> Void = {}
    /// For tests that let days pass.
    public var advance: ClockAdvance?
    /// The authority of the endpoint's certificate as PEM text; `nil`: the system's.
    public var authority: [UInt8]?
    /// Named in streams instead of any account number.
    public var account = "main"
    /// `nil`: public data only.
    public var key: Key?
    public var subscriptions: [Subscription] = []
    /// Connections to the same public streams, 1 to 3; the engine merges them.
    public var redundancy = 1
    /// `http://HOST:PORT` of an HTTP proxy for REST and sockets; `nil`: none.
    public var proxy: String?
    /// The credentials file in which the proxy's user and password stand; `nil`: systemd's directory, or the user's own.
    public var credentialsFile: String?
    /// Percent of the exchange's request quotas that this session may use; `nil`: 100 when it trades, else 10.
    public var quotaShare: Int?
    public var strategies: [StrategyConfiguration] = []
    public var limits: [Setting] = []
    public var orderDurability = OrderDurability.written
    public var orderEntry = OrderEntry.rest
    /// Has the exchange cancel what is open when this process is gone (DCP); only a session that trades does.
    public var armsDisconnectProtection = false
    /// Nanoseconds that a record may wait to be *written* before new orders halt.
    public var longestWait: Int64 = 250_000_000
    /// Within ``queueRange``.
    public var queueBytes = 32 << 20
    public var whenFull = FullQueue.stall
    /// Within ``segmentRange``; a segment ends at the next tick of a second after it has this many.
    ///
    /// After a kill the last one is read whole before anything goes on: of 64 MiB in half a second.
    public var segmentBytes: UInt64 = 64 << 20
    /// Segments that it names are deleted at each roll; `keep` counts for whole recordings too where the session rolls.
    public var disk = DiskRule()
    /// What all recordings may take, and what happens then.
    public var diskLimits = DiskLimits()
    /// What the running recording's segments may take of it.
    let allowance = Allowance()
    /// Figures and alerts.
    public var watch = WatchSettings()
    /// The file of the private key that signs the seal.
    public var signingKey: String?
    /// The recording's directory.
    public var path: String
    public var program = ""
    public var build = ""
    public var seed = ""
    /// For tests of the comparison with the exchange.
    public var ledgerFault = LedgerFault.none
    /// The settings that all this was made of, for comparing when they are read anew.
    public var lines: [SettingLine] = []
    /// Private topics beside those that the core needs.
    public var extraPrivateTopics: [String] = []
    /// What a session file may add: recorded and decoded, and nothing that the core goes by.
    ///
    /// - Source: bybit-v5 §4.
    public static let optionalPrivateTopics = [
        "greeks", "strategy", "execution.fast", "execution.fast.spot", "execution.fast.linear",
        "execution.fast.inverse", "execution.fast.option",
    ]
    /// Follow the exchange's news of its own state, `system.status`, on a socket of its own.
    public var followsStatus = false
    /// Whether orders may be sent; `record` never does.
    public var mayTrade = false
    /// The port at which bots find the exchange; `nil`: none.
    public var relay: RelayConfiguration?

    public init(target: Target, path: String) {
        self.target = target
        self.path = path
    }

    /// The word for where it connects: an environment's name, or the endpoint.
    public var targetName: String {
        switch target {
        case .environment(let name): name
        case .endpoint(let base): base
        }
    }

    /// Categories of everything subscribed or traded, in order.
    var categories: [Category] {
        var categories = Set(subscriptions.map(\.category))
        if key != nil || relay != nil { categories.insert(.linear) }
        // What bots trade is known when they do; what their account holds is asked for before.
        if key != nil, relay != nil { categories.formUnion([.spot, .inverse, .option]) }
        return categories.sorted()
    }

    /// Categories whose orders, executions and positions are asked for when a private socket becomes ready.
    ///
    /// Where combinations are, their legs are traded too: perpetuals and futures, and spot.
    var reconciledCategories: [Category] {
        var categories = Set(categories)
        if categories.contains(.spread) { categories.formUnion([.linear, .spot]) }
        return categories.sorted()
    }

    /// Topics of the private socket.
    ///
    /// - Source: bybit-v5 §2.5, §4.
    var privateTopics: [String] {
        var topics = ["order", "execution", "position", "wallet"] + extraPrivateTopics
        if categories.contains(.spread) { topics += ["spread.order", "spread.execution"] }
        return topics + protectionTopics
    }

    /// Those that arm cancel-on-disconnect; none where it is not to be armed.
    ///
    /// - Source: bybit-v5 §2.5.
    var protectionTopics: [String] {
        guard armsDisconnectProtection, mayTrade else { return [] }
        var topics: [String] = []
        for category in categories {
            let topic: String
            switch category {
            case .linear, .inverse: topic = "dcp.future"
            case .spot: topic = "dcp.spot"
            case .option: topic = "dcp.option"
            case .spread: continue
            }
            if !topics.contains(topic) { topics.append(topic) }
        }
        return topics
    }

    /// What `session/start` says of the settings, without the secret.
    var settings: [Setting] {
        var settings: [Setting] = []
        switch target {
        case .environment(let name): settings.append(Setting("environment", name))
        case .endpoint(let base): settings.append(Setting("endpoint", base))
        }
        for (index, subscription) in subscriptions.enumerated() {
            settings.append(
                Setting("public.\(index)", subscription.text)
            )
        }
        if !extraPrivateTopics.isEmpty {
            settings.append(Setting("private", extraPrivateTopics.joined(separator: " ")))
        }
        if followsStatus { settings.append(Setting("sockets.status", "follow")) }
        if redundancy > 1 { settings.append(Setting("sockets.redundancy", String(redundancy))) }
        if let proxy { settings.append(Setting("proxy", proxy)) }
        if let quotaShare { settings.append(Setting("rest.share", String(quotaShare))) }
        if case .named(let name, _) = key { settings.append(Setting("credentials", name)) }
        if key != nil {
            let names = reconciledCategories.map(\.name).joined(separator: " ")
            settings.append(Setting(SessionStart.reconciledCategories, names))
        }
        settings.append(Setting("durability.orders", orderDurability.rawValue))
        if orderEntry != .rest { settings.append(Setting("orders.entry", orderEntry.rawValue)) }
        if armsDisconnectProtection { settings.append(Setting("dcp", "arm")) }
        settings.append(Setting("journal.queue_bytes", String(queueBytes)))
        settings.append(Setting("journal.when_full", whenFull.rawValue))
        if let roll { settings.append(Setting("roll", roll.rawValue)) }
        if let relay { settings += relay.settings }
        if ledgerFault != .none { settings.append(Setting("ledger.fault", ledgerFault.rawValue)) }
        return settings
    }
}
