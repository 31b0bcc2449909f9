// MARK: - Positions, wallets and their flows

extension Schema {
    static let positions = Table(
        name: "positions",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE positions (
              -- Ours, from the ledger, after each record that changed them. The last row is the state now.
              sequence INTEGER NOT NULL,
              ordinal INTEGER NOT NULL,
              time INTEGER NOT NULL,          -- Unix nanoseconds
              account TEXT NOT NULL,
              strategy TEXT NOT NULL,         -- empty: the account's whole position
              category TEXT NOT NULL,
              symbol TEXT NOT NULL,
              position_index INTEGER NOT NULL,
              size TEXT NOT NULL,             -- signed: short is negative; base coin
              entry_value TEXT NOT NULL,      -- price x quantity of the open part, quote coin (base of inverse)
              entry_price TEXT,               -- entry_value / size; NULL when flat
              mark_price TEXT,                -- NULL when none has come yet
              coin TEXT NOT NULL,             -- of the four that follow
              unrealised TEXT,                -- NULL without a mark price
              realised TEXT NOT NULL,         -- since the ledger opened, before fees
              fees TEXT NOT NULL,             -- since then; positive is paid
              funding TEXT NOT NULL,          -- since then; positive is paid
              PRIMARY KEY (sequence, ordinal)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let valuations = Table(
        name: "valuations",
        key: "account, strategy, category, symbol, position_index",
        definition: """
            CREATE TABLE valuations (
              -- Positions at the recording's end, by the last mark price. Columns as in positions.
              sequence INTEGER NOT NULL,
              time INTEGER NOT NULL,
              account TEXT NOT NULL,
              strategy TEXT NOT NULL,
              category TEXT NOT NULL,
              symbol TEXT NOT NULL,
              position_index INTEGER NOT NULL,
              size TEXT NOT NULL,
              entry_value TEXT NOT NULL,
              entry_price TEXT,
              mark_price TEXT,
              coin TEXT NOT NULL,
              unrealised TEXT,
              realised TEXT NOT NULL,
              fees TEXT NOT NULL,
              funding TEXT NOT NULL,
              PRIMARY KEY (account, strategy, category, symbol, position_index)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let exchangePositions = Table(
        name: "exchange_positions",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE exchange_positions (
              -- Theirs: each word of the exchange on a position.
              sequence INTEGER NOT NULL,
              ordinal INTEGER NOT NULL,
              time INTEGER NOT NULL,
              account TEXT NOT NULL,
              category TEXT NOT NULL,
              symbol TEXT NOT NULL,
              position_index INTEGER NOT NULL,
              side TEXT NOT NULL,             -- Buy, Sell; empty when flat
              size TEXT NOT NULL,             -- not signed
              entry_price TEXT,
              position_value TEXT,            -- quote coin (base of inverse)
              mark_price TEXT,
              unrealised TEXT,                -- settle coin
              current_realised TEXT,          -- of the position now held
              cumulative_realised TEXT,       -- all time, of the symbol
              leverage TEXT,
              created_ms INTEGER NOT NULL,
              updated_ms INTEGER NOT NULL,
              cross_sequence INTEGER NOT NULL,-- -1: never traded
              PRIMARY KEY (sequence, ordinal)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let wallets = Table(
        name: "wallets",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE wallets (
              -- Theirs: each word of the exchange on a coin of a wallet.
              sequence INTEGER NOT NULL,
              ordinal INTEGER NOT NULL,
              time INTEGER NOT NULL,
              account TEXT NOT NULL,
              coin TEXT NOT NULL,             -- of all amounts in the row
              wallet_balance TEXT NOT NULL,   -- after fees, funding and realised P&L
              equity TEXT,
              unrealised TEXT,
              cumulative_realised TEXT,
              locked TEXT,
              PRIMARY KEY (sequence, ordinal)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let walletFlows = Table(
        name: "wallet_flows",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE wallet_flows (
              -- Ours, from the ledger: each change of a wallet with its cause.
              sequence INTEGER NOT NULL,
              ordinal INTEGER NOT NULL,
              time INTEGER NOT NULL,
              account TEXT NOT NULL,
              coin TEXT NOT NULL,             -- of both amounts
              kind TEXT NOT NULL,             -- opening, fill, fee, funding, settlement, delivery, transfer, ...
              amount TEXT NOT NULL,           -- signed: positive is received
              balance TEXT NOT NULL,          -- after it
              category TEXT NOT NULL,         -- empty without an instrument
              symbol TEXT NOT NULL,
              strategy TEXT NOT NULL,
              reference TEXT NOT NULL,        -- execution id or the like
              PRIMARY KEY (sequence, ordinal)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let transactions = Table(
        name: "transactions",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE transactions (
              -- Theirs: rows of the transaction log, each once.
              sequence INTEGER NOT NULL,
              ordinal INTEGER NOT NULL,
              time INTEGER NOT NULL,
              account TEXT NOT NULL,
              transaction_id TEXT NOT NULL,
              type TEXT NOT NULL,             -- TRADE, SETTLEMENT (funding), TRANSFER_IN, ...
              category TEXT NOT NULL,         -- empty without one
              symbol TEXT NOT NULL,
              coin TEXT NOT NULL,             -- of the five amounts
              order_id TEXT NOT NULL,
              order_link_id TEXT NOT NULL,
              execution_id TEXT NOT NULL,
              quantity TEXT,
              price TEXT,
              cash_flow TEXT NOT NULL,
              funding TEXT NOT NULL,          -- positive is received: the opposite of executions
              fee TEXT NOT NULL,              -- positive is paid
              change TEXT NOT NULL,           -- cash_flow + funding - fee
              balance TEXT NOT NULL,          -- after it
              transaction_ms INTEGER NOT NULL,
              PRIMARY KEY (sequence, ordinal),
              -- One id may stand for a trade and for the settlement behind it.
              UNIQUE (transaction_id, execution_id, type, coin, account)
            ) STRICT, WITHOUT ROWID
            """
    )
}
