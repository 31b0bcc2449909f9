public import Watch

/// Who may see a session's figures, and what it warns of and where.
public struct WatchSettings: Sendable {
    /// Where `/metrics` and `/health` are served.
    public struct Address: Hashable, Sendable {
        /// An IP address, IPv6 without brackets.
        public var host: String
        /// 0: any that is free.
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// `nil`: nowhere.
    public var metrics: Address?
    public var alerts = AlertSettings()
    public var sinks: [AlertSink] = []

    public init() {}
}
