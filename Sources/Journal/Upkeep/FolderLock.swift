import Market

/// The lock of a folder of recordings: one session writes a row there at a time.
public final class FolderLock: Sendable {
    private let directory: RecordingDirectory
    private let file: OpenFile

    /// Makes the folder where it is not there yet.
    ///
    /// - Throws: ``JournalError``: `held` where another process has it, `system`.
    public init(
        _ path: String,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) {
        do throws(SystemFailure) {
            try files.makeDirectory(path)
        } catch {
            throw JournalError(.system(call: "mkdir", code: error.code), file: path)
        }
        let directory = try RecordingDirectory.open(path, files: files)
        do throws(JournalError) {
            file = try Recorder.takeLock(directory)
        } catch {
            directory.close()
            throw error
        }
        self.directory = directory
    }

    deinit {
        directory.files.close(file)
        directory.close()
    }
}
