import Bybit
import Market

/// What a session asks of the account beside what the core asks to reconcile, and how far that is.
///
/// Open orders, positions and wallet are the core's own questions. The history of the day before comes after them, so
/// that the ledger knows what its opening has in it already.
struct AccountSnapshot {
    /// How far back the history of a start reaches: 24 h.
    static let history: Int64 = 86_400_000
    /// How far the next question of the transaction log goes behind the last: the exchange's list may lag.
    static let overlap: Int64 = 300_000
    /// The exchange answers for no longer than a week at once.
    static let longest: Int64 = 7 * 86_400_000 - 60_000

    /// Seconds after which what the account is is asked for without a reconciliation.
    static let patience = 30

    /// The key's rights are known, or there are none to know.
    var isPermitted = false
    /// Which parts of what the account is were asked for in this recording.
    var surroundings = AccountQuestions<RESTRequest>()
    /// The day before was asked for.
    var hasHistory = false
    /// Whose limits of risk were asked for in this recording.
    var limits = LimitQuestions()
    /// Seconds since the session began.
    var seconds = 0
    /// The core had the account reconciled when it was last looked at.
    var wasReconciled = false
    /// Of the exchange's clock, Unix milliseconds, from which on the transaction log is asked next; 0 before the first.
    var logSince: Int64 = 0
    var isAskingLog = false
    /// Whether cancel-on-disconnect is there where it is to be armed.
    var protection = DisconnectWatch()
    /// The session ends with 77.
    var refusal: SessionError?

    /// The questions that do not wait for the reconciliation: what the account is.
    ///
    /// - Parameter asksProtection: whether cancel-on-disconnect is on, an exchange may say only while a socket has its topic.
    static func surroundings(_ categories: [Category], asksProtection: Bool) -> [RESTRequest] {
        var requests = [RESTRequest(endpoint: .accountInfo)]
        if asksProtection {
            requests.append(RESTRequest(endpoint: .other(DisconnectWatch.question)))
        }
        for category in categories where category != .spread {
            requests.append(
                RESTRequest(
                    endpoint: .feeRates,
                    query: Query(category).text
                )
            )
        }
        return requests
    }

    /// Tiers of the risk limit, which maintenance margins are made of: a contract at a time, since a whole category has
    /// dozens of pages.
    static func limits(_ contract: InstrumentID) -> RESTRequest {
        RESTRequest(endpoint: .riskLimits, query: Query(contract).text)
    }

    /// Position mode: the exchange tells it by the rows of a contract, two of them in hedge mode, flat or not.
    static func modes(_ contracts: [InstrumentID]) -> [RESTRequest] {
        contracts.map { RESTRequest(endpoint: .positions, query: Query($0).text) }
    }

    /// What happened before the session, from this moment on; executions first, so that the orders' rows are not
    /// counted beside them.
    static func history(_ categories: [Category], since: Int64) -> [RESTRequest] {
        var requests: [RESTRequest] = []
        for category in categories where category != .spread {
            requests.append(RESTRequest(.executions(category, sinceMilliseconds: since)))
        }
        for category in categories where category != .spread {
            requests.append(RESTRequest(.ordersSince(category, sinceMilliseconds: since)))
        }
        guard categories.contains(.spread) else { return requests }
        for path in ["/v5/spread/execution/list", "/v5/spread/order/history"] {
            requests.append(
                RESTRequest(
                    endpoint: .other(path),
                    query: Query("startTime", String(since)).with("limit", 50).text
                )
            )
        }
        return requests
    }

    /// All flows of the account, whatever their category.
    static func transactionLog(since: Int64, until: Int64) -> RESTRequest {
        RESTRequest(
            endpoint: .transactionLog,
            query: Query("accountType", "UNIFIED").with("startTime", since)
                .with("endTime", until).with("limit", BybitLimits.transactionsPerPage).text
        )
    }
}
