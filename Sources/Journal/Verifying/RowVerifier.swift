public import Market

/// What a ``RowVerifier`` found of one row.
public struct RowVerification: Sendable {
    /// One recording of it.
    public struct Member: Sendable {
        public var path: String
        public var verification: Verification
    }

    /// Something that is not as the row says.
    public struct Finding: Hashable, Sendable, CustomStringConvertible {
        /// The recording that it is about: its id, of one that is not there as well.
        public var recording: String
        public var what: String

        public var description: String { "\(recording): \(what)" }
    }

    /// Where the row begins and why.
    public enum Begins: Hashable, Sendable {
        /// With its first recording.
        case whole
        /// Recordings before were deleted, as the folder's `pruned.jsonl` says.
        case pruned(recordings: Int, upTo: SequenceNumber)
        /// With a recording that was asked for; those before it were not.
        case given(place: Int)
        /// Not with its first, and nothing says why.
        case unexplained
    }

    /// The id of the row's first recording.
    public var row: String
    public var members: [Member] = []
    public var begins = Begins.whole
    /// What is missing, changed or out of order in the row; what is wrong inside a recording is in its own verdict.
    public var findings: [Finding] = []
    /// Recordings whose deletion a crash broke off.
    public var unfinished: [String] = []

    /// The worst of the row's own and its recordings' verdicts.
    public var state: Verification.State {
        if !findings.isEmpty { return .damaged }
        if members.contains(where: { $0.verification.state == .damaged }) { return .damaged }
        return members.contains { $0.verification.state == .cut } ? .cut : .sound
    }

    public var records: UInt64 { members.reduce(0) { $0 + $1.verification.records } }
    public var first: SequenceNumber { members.first?.verification.first ?? .none }
    public var last: SequenceNumber { members.last?.verification.last ?? .none }
}

/// Proves a row of recordings: each by itself, and that each goes on where the one before it ended.
public enum RowVerifier {
    /// Verifies recordings in the order in which they are given.
    ///
    /// - Parameters:
    ///   - isWhole: nothing of the row may be missing at its front but what `deleted` tells of.
    ///   - deleted: the folder's notes of whole recordings that were deleted.
    ///   - verify: proves one recording.
    /// - Returns: one result for each row, in the order of their first recordings; recordings of no row are findings.
    public static func verify(
        _ paths: [String],
        isWhole: Bool,
        deleted: [PrunedRecording] = [],
        verify: (String) throws(JournalError) -> Verification
    ) throws(JournalError) -> [RowVerification] {
        var rows: [RowVerification] = []
        for path in paths {
            let verification = try verify(path)
            let row = verification.row?.row ?? verification.id
            if rows.firstIndex(where: { $0.row == row }) == nil {
                rows.append(RowVerification(row: row))
            }
            guard let place = rows.firstIndex(where: { $0.row == row }) else { continue }
            if deleted.contains(where: { $0.recording == verification.id }) {
                rows[place].unfinished.append(verification.id)
            } else {
                rows[place].members.append(
                    RowVerification.Member(path: path, verification: verification)
                )
            }
        }
        for place in rows.indices { judge(&rows[place], isWhole, deleted) }
        return rows
    }

    private static func judge(
        _ row: inout RowVerification,
        _ isWhole: Bool,
        _ deleted: [PrunedRecording]
    ) {
        let deleted = deleted.filter { $0.row == row.row }
        for entry in deleted where !entry.isGenuine {
            row.findings.append(
                RowVerification.Finding(
                    recording: entry.recording,
                    what: "the note of its deletion is not signed by the key that it names"
                )
            )
        }
        let ids = row.members.map(\.verification.id)
        for (position, member) in row.members.enumerated() {
            let link = member.verification.row ?? RowLink(beginningWith: member.verification.id)
            if position == 0 {
                begin(&row, link, member, isWhole, deleted)
                continue
            }
            let before = row.members[position - 1].verification
            compare(&row, link, member.verification, before, ids)
        }
    }

    private static func begin(
        _ row: inout RowVerification,
        _ link: RowLink,
        _ member: RowVerification.Member,
        _ isWhole: Bool,
        _ deleted: [PrunedRecording]
    ) {
        guard let previous = link.previous else { return }
        if let note = deleted.last(where: { $0.recording == previous.recording }) {
            row.begins = .pruned(recordings: deleted.count, upTo: note.last)
            if note.last != previous.last || note.chain != previous.chain {
                row.findings.append(
                    RowVerification.Finding(
                        recording: note.recording,
                        what: "it was deleted with another end than \(member.verification.id) names"
                    )
                )
            }
            return
        }
        guard isWhole else {
            row.begins = .given(place: link.place)
            return
        }
        row.begins = .unexplained
        row.findings.append(
            RowVerification.Finding(
                recording: previous.recording,
                what: "it is missing before \(member.verification.id), and no note says why"
            )
        )
    }

    private static func compare(
        _ row: inout RowVerification,
        _ link: RowLink,
        _ here: Verification,
        _ before: Verification,
        _ ids: [String]
    ) {
        func find(_ recording: String, _ what: String) {
            row.findings.append(RowVerification.Finding(recording: recording, what: what))
        }
        guard let previous = link.previous else {
            return find(here.id, "it is the row's first, and stands behind \(before.id)")
        }
        guard previous.recording == before.id else {
            let isElsewhere = ids.contains(previous.recording)
            let isBehind = link.place <= before.row?.place ?? 0
            return isElsewhere || isBehind
                ? find(
                    here.id,
                    "it is out of order: it goes on behind \(previous.recording), and stands behind \(before.id)"
                )
                : find(
                    previous.recording,
                    "it is missing between \(before.id) and \(here.id)"
                )
        }
        if previous.last != before.last {
            find(
                before.id,
                "it ends with record \(before.last), and \(here.id) goes on behind \(previous.last)"
            )
        } else if previous.chain != before.chain {
            find(before.id, "it has changed: its chain does not end as \(here.id) names it")
        }
    }
}
