// MARK: - What the core said, and what was missed

extension Schema {
    static let commands = Table(
        name: "commands",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE commands (
              sequence INTEGER NOT NULL,      -- of the record that told of it
              ordinal INTEGER NOT NULL,       -- place among the rows of that record
              time INTEGER NOT NULL,          -- Unix nanoseconds
              cause INTEGER NOT NULL,         -- record that it answers
              cause_ordinal INTEGER NOT NULL, -- place among the commands and intents of one cause
              strategy TEXT NOT NULL,         -- desk: continuity and reconciliation
              action TEXT NOT NULL,           -- place, amend, cancel, look-up, resubscribe, set-timer
              category TEXT NOT NULL,         -- empty without an instrument
              symbol TEXT NOT NULL,
              order_link_id TEXT NOT NULL,
              order_id TEXT NOT NULL,
              side TEXT NOT NULL,
              type TEXT NOT NULL,
              time_in_force TEXT NOT NULL,
              quantity TEXT,                  -- NULL: kept (amend), or none
              price TEXT,                     -- NULL: kept, none, or a market order
              reduce_only INTEGER NOT NULL,
              detail TEXT NOT NULL,           -- what is looked up; topic; timer and its due time
              PRIMARY KEY (sequence, ordinal)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let verdicts = Table(
        name: "verdicts",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE verdicts (
              sequence INTEGER NOT NULL,      -- of the record that told of it
              ordinal INTEGER NOT NULL,       -- place among the rows of that record
              time INTEGER NOT NULL,
              cause INTEGER NOT NULL,         -- record that the strategy answered
              cause_ordinal INTEGER NOT NULL, -- as in commands: an allowed intent's command has the same
              strategy TEXT NOT NULL,
              category TEXT NOT NULL,
              symbol TEXT NOT NULL,
              intent TEXT NOT NULL,           -- what was wanted
              allowed INTEGER NOT NULL,       -- 0, 1
              PRIMARY KEY (sequence, ordinal)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let verdictChecks = Table(
        name: "verdict_checks",
        key: "sequence, ordinal, place",
        definition: """
            CREATE TABLE verdict_checks (
              sequence INTEGER NOT NULL,      -- of the verdict
              ordinal INTEGER NOT NULL,       -- of the verdict
              place INTEGER NOT NULL,         -- among its checks
              risk_limit TEXT NOT NULL,       -- name of the limit
              ceiling TEXT NOT NULL,          -- exact decimal text, in unit
              observed TEXT NOT NULL,
              unit TEXT NOT NULL,
              holds INTEGER NOT NULL,         -- 0, 1
              PRIMARY KEY (sequence, ordinal, place)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let findings = Table(
        name: "findings",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE findings (
              sequence INTEGER NOT NULL,      -- of the record that told of it
              ordinal INTEGER NOT NULL,       -- place among the rows of that record
              time INTEGER NOT NULL,
              cause INTEGER NOT NULL,         -- record concerned
              kind TEXT NOT NULL,             -- decode, gap, audit, opening-tie, refused, ...
              subject TEXT NOT NULL,          -- stream, instrument or field
              expected TEXT NOT NULL,
              seen TEXT NOT NULL,
              note TEXT NOT NULL,
              PRIMARY KEY (sequence, ordinal)
            ) STRICT, WITHOUT ROWID
            """
    )

    static let gaps = Table(
        name: "gaps",
        key: "sequence, ordinal",
        definition: """
            CREATE TABLE gaps (
              -- What was not seen: connections lost, public data shed, update ids that did not follow on, no run.
              sequence INTEGER NOT NULL,      -- where it began; of an absent run, where it was told of
              ordinal INTEGER NOT NULL,
              time INTEGER NOT NULL,
              kind TEXT NOT NULL,             -- disconnected, failed, shed, absent, gap
              subject TEXT NOT NULL,          -- socket, stream or instrument
              reason TEXT NOT NULL,
              count INTEGER NOT NULL,         -- messages shed; 0 where it cannot be known
              expected TEXT NOT NULL,
              seen TEXT NOT NULL,
              ended_sequence INTEGER,         -- ready or reconciled again; NULL while it lasts
              PRIMARY KEY (sequence, ordinal)
            ) STRICT, WITHOUT ROWID
            """
    )
}
