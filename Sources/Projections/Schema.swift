/// The tables of `derived/desk.sqlite`; `Projections.docc/Schema.md` says the same for people.
///
/// All tables are STRICT, so that a number with a point cannot become a REAL behind our back. The comments stay in
/// `sqlite_master` and are shown by `.schema` of the `sqlite3` shell.
enum Schema {
    /// Raised with any change of a table or of the meaning of a column; an older file is rebuilt.
    static let version = 3

    /// The letters TpDk as `PRAGMA application_id`, so that another program's file is never taken for ours.
    static let applicationID: Int32 = 0x5470_446b

    /// A table, its definition, and the columns that order its rows.
    ///
    /// Where an order's or an execution's id is part of a key, or of an index, it comes first: SQLite compares the first column
    /// quickly, and those behind it only where it is the same, as accounts and symbols mostly are.
    struct Table {
        var name: StaticString
        var key: StaticString
        var definition: StaticString
    }

    /// By name: the order in which the content hash reads them.
    static let tables: [Table] = [
        commands, executions, exchangePositions, findings, gaps, orderHistory, orders, positions,
        profitAndLoss, roundTrips, transactions, valuations, verdictChecks, verdicts, walletFlows,
        wallets,
    ].sorted { "\($0.name)" < "\($1.name)" }

    /// Not part of the content hash: it tells of the file, not of the desk.
    static let meta: StaticString = """
        CREATE TABLE meta (
          key TEXT PRIMARY KEY NOT NULL,
          -- recording, program, behaviour, last_sequence, state (building or complete), content_hash
          value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """

    /// What the writer itself looks up by.
    static let writersIndex: StaticString =
        "CREATE INDEX gaps_by_subject ON gaps (subject, ended_sequence)"

    /// What readers look up by; sorted once at the end of a rebuild, which is cheaper than a place for each row.
    static let readersIndexes: [StaticString] = [
        "CREATE INDEX IF NOT EXISTS executions_by_order ON executions (order_id, account)",
        "CREATE INDEX IF NOT EXISTS order_history_by_order ON order_history (order_id, account)",
        "CREATE INDEX IF NOT EXISTS orders_by_link ON orders (order_link_id)",
        "CREATE INDEX IF NOT EXISTS commands_by_link ON commands (order_link_id)",
        "CREATE INDEX IF NOT EXISTS verdicts_by_cause ON verdicts (cause, cause_ordinal)",
    ]
}

// MARK: - Orders and executions

extension Schema {
    static let orders = Table(
        name: "orders",
        key: "order_id, account",
        definition: """
            CREATE TABLE orders (
              -- Each order once, as the exchange last told it.
              account TEXT NOT NULL,          -- alias of the account
              order_id TEXT NOT NULL,         -- the exchange's
              order_link_id TEXT NOT NULL,    -- ours; empty when placed without one
              strategy TEXT NOT NULL,         -- external: not ours
              category TEXT NOT NULL,         -- spot, linear, inverse, option, spread
              symbol TEXT NOT NULL,
              side TEXT NOT NULL,             -- Buy, Sell
              type TEXT NOT NULL,             -- Limit, Market, ...
              time_in_force TEXT NOT NULL,    -- GTC, IOC, FOK, PostOnly, ...
              status TEXT NOT NULL,           -- orderStatus of the exchange
              closed INTEGER NOT NULL,        -- 1: the status is final
              price TEXT,                     -- quote coin; decimal text as it came
              quantity TEXT NOT NULL,         -- base coin (contracts for inverse); decimal text as it came
              average_price TEXT,             -- quote coin; NULL without a fill
              leaves_quantity TEXT,           -- open quantity
              filled_quantity TEXT NOT NULL,
              filled_value TEXT NOT NULL,     -- quote coin (base of inverse); exact decimal text
              filled_fee TEXT NOT NULL,       -- settle coin; positive is paid
              reject_reason TEXT NOT NULL,
              cancel_type TEXT NOT NULL,
              reduce_only INTEGER NOT NULL,   -- 0, 1
              position_index INTEGER NOT NULL,-- 0 one-way, 1 long, 2 short of hedge mode
              created_ms INTEGER NOT NULL,    -- the exchange's clock, Unix milliseconds
              updated_ms INTEGER NOT NULL,
              updates INTEGER NOT NULL,       -- how often the exchange told of it
              first_sequence INTEGER NOT NULL,-- record that told of it first
              sequence INTEGER NOT NULL,      -- record of the state in this row
              time INTEGER NOT NULL,          -- of that record, Unix nanoseconds
              PRIMARY KEY (order_id, account)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let orderHistory = Table(
        name: "order_history",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE order_history (
              -- Every word of the exchange on an order, in the order of the journal. Columns as in orders.
              sequence INTEGER NOT NULL,
              ordinal INTEGER NOT NULL,       -- place among the rows of one record
              time INTEGER NOT NULL,          -- Unix nanoseconds
              account TEXT NOT NULL,
              order_id TEXT NOT NULL,
              order_link_id TEXT NOT NULL,
              strategy TEXT NOT NULL,
              category TEXT NOT NULL,
              symbol TEXT NOT NULL,
              side TEXT NOT NULL,
              type TEXT NOT NULL,
              time_in_force TEXT NOT NULL,
              status TEXT NOT NULL,
              closed INTEGER NOT NULL,
              price TEXT,
              quantity TEXT NOT NULL,
              average_price TEXT,
              leaves_quantity TEXT,
              filled_quantity TEXT NOT NULL,
              filled_value TEXT NOT NULL,
              filled_fee TEXT NOT NULL,
              reject_reason TEXT NOT NULL,
              cancel_type TEXT NOT NULL,
              reduce_only INTEGER NOT NULL,
              position_index INTEGER NOT NULL,
              created_ms INTEGER NOT NULL,
              updated_ms INTEGER NOT NULL,
              late INTEGER NOT NULL,          -- 1: came after newer news; not taken into orders
              PRIMARY KEY (sequence, ordinal)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let executions = Table(
        name: "executions",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE executions (
              -- Fills, fees and funding, each execution once: the record that told of it first.
              sequence INTEGER NOT NULL,
              ordinal INTEGER NOT NULL,
              time INTEGER NOT NULL,          -- of the record, Unix nanoseconds
              account TEXT NOT NULL,
              execution_id TEXT NOT NULL,
              strategy TEXT NOT NULL,         -- external: not ours
              category TEXT NOT NULL,
              symbol TEXT NOT NULL,
              type TEXT NOT NULL,             -- Trade, Funding, AdlTrade, BustTrade, Delivery, Settle, ...
              order_id TEXT NOT NULL,
              order_link_id TEXT NOT NULL,
              side TEXT NOT NULL,
              price TEXT NOT NULL,            -- quote coin; the mark price of a funding row
              quantity TEXT NOT NULL,         -- base coin; the whole position of a funding row
              value TEXT NOT NULL,            -- quote coin (base of inverse)
              exchange_fee TEXT NOT NULL,     -- as the exchange says: positive is paid; also of a funding row
              exchange_fee_rate TEXT,         -- fraction
              exchange_fee_coin TEXT NOT NULL,
              exchange_realised TEXT,         -- the exchange's realised P&L; NULL where it gives none
              closed_quantity TEXT,
              is_maker INTEGER NOT NULL,
              leaves_quantity TEXT,
              order_price TEXT,
              order_quantity TEXT,
              order_type TEXT NOT NULL,
              mark_price TEXT,
              execution_ms INTEGER NOT NULL,  -- the exchange's clock, Unix milliseconds
              cross_sequence INTEGER NOT NULL,-- seq of the matching engine
              day TEXT NOT NULL,              -- UTC day of execution_ms, 2026-11-22
              position_index INTEGER NOT NULL,-- which position it moved: 0 one-way, 1 long, 2 short
              coin TEXT NOT NULL,             -- of the four that follow; ours, from the ledger
              realised TEXT NOT NULL,         -- by the account's position, of the part that closed, before fees
              own_realised TEXT NOT NULL,     -- by the strategy's own position
              fee TEXT NOT NULL,              -- positive is paid; in other coins (discount token): pnl, wallet_flows
              funding TEXT NOT NULL,          -- positive is paid; of the whole position
              PRIMARY KEY (sequence, ordinal),
              UNIQUE (execution_id, symbol, category, account)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let profitAndLoss = Table(
        name: "pnl",
        key: "account, strategy, category, symbol, day, coin",
        definition: """
            CREATE TABLE pnl (
              -- Sums by strategy, instrument and UTC day. Exact, so never add these columns with SUM(): SQLite would
              -- count in floating point. `tapedeck pnl` adds them exactly. Funding, delivery and settlement are shared
              -- out by what each strategy held.
              account TEXT NOT NULL,
              strategy TEXT NOT NULL,         -- external: not ours
              category TEXT NOT NULL,
              symbol TEXT NOT NULL,
              day TEXT NOT NULL,              -- `before record N`: from the state with which a pruned or cut recording begins
              coin TEXT NOT NULL,             -- of all amounts but turnover; of fees in a coin of their own, that coin
              realised TEXT NOT NULL,         -- by the account's position at fills of this strategy, before fees
              own_realised TEXT NOT NULL,     -- by the strategy's own position, before fees
              fees TEXT NOT NULL,             -- positive is paid
              funding TEXT NOT NULL,          -- positive is paid
              turnover TEXT NOT NULL,         -- value of the fills, quote coin (base of inverse)
              fills INTEGER NOT NULL,
              sequence INTEGER NOT NULL,      -- record of the last execution counted
              PRIMARY KEY (account, strategy, category, symbol, day, coin)
            ) STRICT, WITHOUT ROWID
            """
    )
}
