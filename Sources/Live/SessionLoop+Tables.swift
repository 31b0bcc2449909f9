import Bybit
import Journal
import Logging
import Market
import NIOCore
import NIOPosix
import Projections
import Runtime
import Trading

/// The tables of the account, which any SQLite tool may read while the session runs.
extension SessionLoop {
    /// Begins the tables of the recording whose first record of this run, or of this day, has just been appended.
    ///
    /// Without an account there is little to tell: the tables of public data are made when they are asked for.
    func beginTables(first: SequenceNumber) {
        tables = nil
        guard configuration.key != nil else { return }
        let recorder = recorder
        do throws(ProjectionError) {
            tables = try DeskTables(
                recording: recorder.path,
                id: recorder.id,
                account: startRecord.account,
                program: "\(configuration.program) \(configuration.build)",
                registry: registry,
                first: first,
                continuing: startRecord.continues == nil ? nil : stepper.engine.ledger,
                kept: { [weak recorder] in recorder?.watermarks.durable ?? .none }
            )
        } catch {
            lost(error)
        }
    }

    /// Has the tables look at what the engine did with the last record; to be called before the next one.
    func tellTables() {
        guard let header = untold else { return }
        untold = nil
        guard tables != nil,
            let error = stepper.show({ tables?.take(header, $0, outputs.elements, $1) })
        else { return }
        lost(error)
    }

    private func lost(_ error: ProjectionError) {
        logger.warning(
            "the tables in derived/ end here; whoever reads them next completes them",
            metadata: ["reason": "\(error)"]
        )
    }

    /// What is left to do for the tables of this recording once it is sealed.
    func endTables() -> (@Sendable (SequenceNumber) -> ProjectionError?)? {
        tellTables()
        defer { tables = nil }
        return tables?.ending(stepper.engine)
    }

    /// Completes the tables of a recording that was sealed by a roll.
    func completeTables(_ path: String, last: SequenceNumber) {
        guard let ending = tableEndings.removeValue(forKey: path) else { return }
        let logger = logger
        NIOThreadPool.singleton.submit { _ in
            if let error = ending(last) {
                logger.warning("tables are not complete", metadata: ["reason": "\(error)"])
            }
        }
    }
}
