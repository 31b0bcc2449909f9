// MARK: - Round trips

extension Schema {
    static let roundTrips = Table(
        name: "round_trips",
        key: """
            method, account, strategy, category, symbol, position_index, run_sequence, number, part
            """,
        definition: """
            CREATE TABLE round_trips (
              -- Trades. The sums of realised, fees and funding over one method and strategy are the ledger's.
              method TEXT NOT NULL,           -- flat: from flat to flat, by average cost; fifo: lots, first in, first out
              account TEXT NOT NULL,
              strategy TEXT NOT NULL,         -- empty: the account's whole position; external: what is not ours
              category TEXT NOT NULL,
              symbol TEXT NOT NULL,
              position_index INTEGER NOT NULL,
              run_sequence INTEGER NOT NULL,  -- record that the run began with, or this recording
              number INTEGER NOT NULL,        -- from 1 in each run; of fifo, the fill that opened; 0: charged late
              part INTEGER NOT NULL,          -- of fifo: closed parts from 1; 0 what is left, and was closed last
              side TEXT NOT NULL,             -- long, short
              state TEXT NOT NULL,            -- open, closed, cut (open when its run ended)
              opening INTEGER NOT NULL,       -- 1: began before the recording; its opening fee is not known
              opened_sequence INTEGER NOT NULL,
              opened_time INTEGER NOT NULL,   -- Unix nanoseconds
              closed_sequence INTEGER,        -- of the last fill that closed some of it; NULL before
              closed_time INTEGER,
              entry_quantity TEXT NOT NULL,   -- base coin (US dollars of inverse)
              entry_value TEXT NOT NULL,      -- quote coin (base of inverse)
              entry_price TEXT,               -- average; NULL where there is none
              exit_quantity TEXT NOT NULL,
              exit_value TEXT NOT NULL,
              exit_price TEXT,
              coin TEXT NOT NULL,             -- of all that follows
              realised TEXT NOT NULL,         -- before fees and funding
              entry_fees TEXT NOT NULL,       -- positive is paid; of an opening trip, only what was paid since
              exit_fees TEXT NOT NULL,        -- positive is paid
              funding TEXT NOT NULL,          -- positive is paid
              net TEXT NOT NULL,              -- realised - entry_fees - exit_fees - funding
              other_fees INTEGER NOT NULL,    -- 1: fees were taken in other coins too (pnl, wallet_flows), in no amount here
              worst TEXT,                     -- maximum adverse excursion: the least it was worth before fees
              best TEXT,                      -- maximum favourable excursion
              fills INTEGER NOT NULL,
              PRIMARY KEY (
                method, account, strategy, category, symbol, position_index, run_sequence, number, part
              )
            ) STRICT, WITHOUT ROWID
            """
    )
}
