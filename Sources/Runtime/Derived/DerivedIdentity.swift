import Glibc
import Journal

/// Who can read what is kept in `derived/`: the same recording, behaviour and program file.
///
/// The file stands for all code that has a part in it, strategies of a user's own program included.
enum DerivedIdentity {
    static func of(_ recording: Recording) -> String {
        of(recording, program: program() ?? "unknown")
    }

    /// `nil` where it cannot be said which program this is: then nothing is kept that only proves itself.
    static func known(_ recording: Recording) -> String? {
        program().map { of(recording, program: $0) }
    }

    private static func of(_ recording: Recording, program: String) -> String {
        "\(recording.id) \(SessionStart.formatVersion) \(SessionStart.behaviourVersion) \(program)"
    }

    /// The file that this process runs; `nil` where there is no `/proc`.
    private static func program() -> String? {
        var status = stat()
        guard stat("/proc/self/exe", &status) == 0 else { return nil }
        let changed = status.st_mtim
        return "\(status.st_dev) \(status.st_ino) \(status.st_size)"
            + " \(changed.tv_sec).\(changed.tv_nsec)"
    }

    /// Whether a recording has a folder of its own for it: a single file has none.
    static func hasFolder(_ recording: Recording) -> Bool {
        var status = stat()
        return stat(recording.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
