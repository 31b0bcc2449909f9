import Glibc
import Journal

/// Who can read what is kept in `derived/`: the same recording, behaviour and program file.
///
/// The file stands for all code that has a part in it, strategies of a user's own program included.
enum DerivedIdentity {
    static func of(_ recording: Recording) -> String {
        var status = stat()
        let isKnown = stat("/proc/self/exe", &status) == 0
        let changed = status.st_mtim
        let program =
            isKnown
            ? "\(status.st_ino) \(status.st_size) \(changed.tv_sec).\(changed.tv_nsec)" : "unknown"
        return "\(recording.id) \(SessionStart.formatVersion)"
            + " \(SessionStart.behaviourVersion) \(program)"
    }

    /// Whether a recording has a folder of its own for it: a single file has none.
    static func hasFolder(_ recording: Recording) -> Bool {
        var status = stat()
        return stat(recording.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
