import GRDB
public import Market

/// What a projection says of itself.
public struct DeskStatus: Hashable, Sendable {
    public var identity: DeskIdentity
    /// Rows of all records up to this one are there.
    public var lastSequence: SequenceNumber
    /// The recording had ended when the last row was written.
    public var isComplete: Bool
    /// Of the content when it was completed; empty before.
    public var contentHash: String

    public init(
        identity: DeskIdentity,
        lastSequence: SequenceNumber,
        isComplete: Bool,
        contentHash: String
    ) {
        self.identity = identity
        self.lastSequence = lastSequence
        self.isComplete = isComplete
        self.contentHash = contentHash
    }
}

/// The table `meta`.
enum Meta: String {
    case recording
    case program
    case behaviour
    case lastSequence = "last_sequence"
    case state
    case contentHash = "content_hash"

    static let building = "building"
    static let complete = "complete"

    static let setValue: StaticString = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"

    static func set(_ key: Meta, _ value: String, in database: Database) throws {
        var binder = Binder(try database.cachedStatement(sql: "\(setValue)"), in: database)
        binder.text(key.rawValue)
        binder.text(value)
        try binder.run()
    }

    static func begin(_ identity: DeskIdentity, in database: Database) throws {
        try set(.recording, identity.recording, in: database)
        try set(.program, identity.program, in: database)
        try set(.behaviour, String(identity.behaviour), in: database)
        try set(.lastSequence, "0", in: database)
        try set(.state, building, in: database)
        try set(.contentHash, "", in: database)
    }

    static func status(of database: Database, _ path: String) throws -> DeskStatus {
        func value(_ key: Meta) throws -> String {
            let text = try String.fetchOne(
                database,
                sql: "SELECT value FROM meta WHERE key = ?",
                arguments: [key.rawValue]
            )
            guard let text else {
                throw ProjectionError.damaged(path: path, reason: "meta lacks \(key.rawValue)")
            }
            return text
        }
        guard let behaviour = Int(try value(.behaviour)),
            let last = UInt64(try value(.lastSequence))
        else {
            throw ProjectionError.damaged(path: path, reason: "meta holds no numbers")
        }
        return DeskStatus(
            identity: DeskIdentity(
                recording: try value(.recording),
                program: try value(.program),
                behaviour: behaviour
            ),
            lastSequence: SequenceNumber(last),
            isComplete: try value(.state) == complete,
            contentHash: try value(.contentHash)
        )
    }
}
