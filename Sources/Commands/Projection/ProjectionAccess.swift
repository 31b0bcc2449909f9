import Journal
import Market
import Projections
import Runtime

/// The tables of projections that this program was given beside the desk's own.
enum ProjectionAccess {
    /// Brings the table of one up to the recording's end, and says where it is.
    static func open(
        _ options: RecordingOptions,
        named name: String,
        updating: Bool
    ) throws -> String {
        guard let model = TapedeckMain.projections.first(where: { $0.name == name }) else {
            let names = TapedeckMain.projections.map { $0.name }.joined(separator: ", ")
            throw Failure(
                .usage,
                "this program has no projection named \(name)",
                do: names.isEmpty
                    ? "Give it one: TapedeckMain.run(projections:)." : "It has \(names)."
            )
        }
        _ = try options.directory()
        let recording = try options.openSound()
        try Sandbox.denyOutgoing()
        guard updating else { return ProjectionBuild.path(of: recording.path, named: name) }
        return try update(recording, model)
    }

    private static func update<Model: Projection>(
        _ recording: Recording,
        _ model: Model.Type
    ) throws -> String {
        var build = ProjectionBuild()
        var bar = ProgressBar("folding", total: recording.last.value)
        build.progress = { bar.update($0.value) }
        defer { bar.finish() }
        do {
            return try build.update(recording, with: model).path
        } catch let error as JournalError {
            throw Failure(error)
        } catch let error as ProjectionError {
            throw DeskAccess.failure(error)
        }
    }
}
