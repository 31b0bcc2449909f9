import Journal
import Market
import Projections
import Runtime

/// The tables of a recording, brought up to its end first.
enum DeskAccess {
    /// What the tables are made by, as `derived/desk.sqlite` has it.
    static var program: String { "\(Version.number) \(Version.commit)" }

    /// - Parameter updating: false: takes the file as it is.
    /// - Returns: the recording and the file's path.
    static func open(
        _ options: RecordingOptions,
        updating: Bool = true
    ) throws -> (recording: Recording, path: String) {
        _ = try options.directory()
        let recording = try options.openSound()
        try Sandbox.denyOutgoing()
        let path = DeskBuild.path(of: recording.path)
        guard updating else { return (recording, path) }
        do {
            var build = DeskBuild(registry: TapedeckMain.strategies, program: program)
            var bar = ProgressBar("rebuilding", total: recording.last.value)
            build.progress = { bar.update($0.value) }
            _ = try build.update(recording)
            bar.finish()
            let status = try DeskReader(path: path).status()
            if !status.isComplete || status.lastSequence < recording.last {
                Printing.note(
                    "a session writes these tables; they reach record \(status.lastSequence)"
                )
            }
        } catch let error as ReplayError {
            throw ReplayCommand.failure(error)
        } catch let error as ProjectionError {
            throw failure(error)
        }
        return (recording, path)
    }

    static func failure(_ error: ProjectionError) -> Failure {
        let status: ExitStatus =
            switch error {
            case .query: .usage
            case .missing: .notFound
            case .heldElsewhere, .busy: .busy
            case .damaged: .undecided
            case .foreign: .format
            case .projection: .no
            case .behind, .file, .database, .outOfOrder, .number: .disk
            }
        return Failure(status, "\(error)")
    }

    /// Runs `body`; its errors leave as the command's.
    static func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as ProjectionError {
            throw failure(error)
        }
    }
}
