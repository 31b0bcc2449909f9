import Journal
import Logging
import Market

/// Where a session that rolls records: the next place of the row in its folder.
struct SessionRow {
    /// The recording's directory.
    var path: String
    /// Its place in the row, when it is a new one.
    var link: RowLink?
    /// `log_time` of the record before it.
    var notBefore = Timestamp.zero
    /// When a recording that goes on was begun; `nil` for a new one.
    var began: Timestamp?
    /// Held for as long as the session runs; `nil` where the folder is shared.
    var lock: FolderLock?

    /// Looks into the folder and makes ready what a kill left there.
    ///
    /// In a folder of its own the session goes on in the newest recording while that is not sealed, else behind it.
    /// In a shared one it begins a row.
    ///
    /// - Throws: ``SessionError/journal(_:)``: `held`, `system`, `damaged`.
    init(
        in folder: String,
        isShared: Bool,
        now: Timestamp,
        key: SigningKey?,
        logger: Logger
    ) throws(JournalError) {
        let name = SessionRow.name(now)
        path = folder + "/" + name
        link = RowLink(beginningWith: name)
        guard !isShared else { return }
        lock = try FolderLock(folder)
        let rows = RowFolder(folder)
        for name in try rows.tidy() {
            logger.notice(
                "a recording that had not begun was taken away",
                metadata: ["name": "\(name)"]
            )
        }
        let members = try rows.members()
        guard let newest = members.max(by: SessionRow.isOlder) else { return }
        try SessionRow.sealOthers(members, newest, key, logger)
        if newest.manifest.state == .open {
            path = newest.path
            link = nil
            began = newest.manifest.started
            return
        }
        guard !newest.isDamaged else {
            throw JournalError(
                .damaged("the newest recording is damaged, so nothing can go on behind it"),
                file: newest.path
            )
        }
        guard let chain = newest.manifest.segments.last?.chainLast else { return }
        let end =
            newest.manifest.last == .none
            ? newest.link.previous?.last ?? .none : newest.manifest.last
        guard end != .none else { return }
        notBefore = newest.manifest.ended
        link = RowLink(
            row: newest.link.row,
            place: newest.link.place + 1,
            previous: RowLink.Previous(recording: newest.manifest.id, last: end, chain: chain)
        )
    }

    private static func isOlder(_ left: RowFolder.Member, _ right: RowFolder.Member) -> Bool {
        left.link.row == right.link.row
            ? left.link.place < right.link.place : left.link.row < right.link.row
    }

    /// A kill between a roll and the seal of the old recording leaves that one open: nothing will be added to it.
    private static func sealOthers(
        _ members: [RowFolder.Member],
        _ newest: RowFolder.Member,
        _ key: SigningKey?,
        _ logger: Logger
    ) throws(JournalError) {
        for member in members
        where member.path != newest.path && member.manifest.state == .open && !member.isHeld {
            var options = RecorderOptions()
            options.labels = member.manifest.labels.filter { !$0.key.hasPrefix("row.") }
            options.signingKey = key
            do throws(JournalError) {
                try Recorder.open(member.path, options: options).seal()
                logger.notice(
                    "a recording that was killed at a roll is sealed now",
                    metadata: ["recording": "\(member.path)"]
                )
            } catch {
                // The row goes on all the same; `verify --chain` says what is wrong with it.
                logger.error(
                    "a recording that was killed at a roll cannot be sealed",
                    metadata: ["error": "\(error)"]
                )
            }
        }
    }

    /// `<UTC>-<4 hex>`, such as `2026-11-22T20-18-05Z-7f3a`.
    static func name(_ time: Timestamp) -> String {
        let seconds = time.description.prefix(19).map { $0 == ":" ? "-" : String($0) }.joined()
        let digits = String(UInt16.random(in: 0...UInt16.max), radix: 16)
        return seconds + "Z-" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
