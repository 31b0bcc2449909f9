/// The public trades of one instrument that were taken last, by their ids: connections beside each other bring each trade
/// once, and it happened once.
struct SeenTrades {
    /// Trades that are remembered: more than come within what one connection can be behind another.
    static let most = 16_384

    /// Whether each was the recorded session's own; look-ups only.
    private var wasOwn: [String: Bool] = [:]
    /// In the order that they came, from ``oldest`` on round.
    private var ids: [String] = []
    private var oldest = 0

    /// What a trade was taken for; `nil` for one that has not been taken yet, and for one without an id.
    func isOwn(_ id: String) -> Bool? { id.isEmpty ? nil : wasOwn[id] }

    /// Remembers a trade that was not known.
    mutating func note(_ id: String, isOwn: Bool) {
        guard !id.isEmpty else { return }
        wasOwn[id] = isOwn
        guard ids.count >= SeenTrades.most else {
            ids.append(id)
            return
        }
        wasOwn[ids[oldest]] = nil
        ids[oldest] = id
        oldest = (oldest + 1) % SeenTrades.most
    }
}
