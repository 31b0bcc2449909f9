import Foundation
import Journal

/// Which recording a proxy writes: the one that is named, or the one that its predecessor at this address left open.
struct ProxyRecording {
    var out: String?
    var address: ProxySettings.Address

    /// Beside the recordings, and none of them: where the last proxy at this address recorded into.
    private var note: String {
        let name = address.text.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "-" }
        return "recordings/.proxy-" + String(name)
    }

    func path() throws -> String {
        if let out { return out }
        if let text = try? String(contentsOfFile: note, encoding: .utf8) {
            let path = text.trimmingCharacters(in: .newlines)
            if Archive.isRecording(path), let recording = try? Recording.open(path),
                recording.state == .open
            {
                return path
            }
        }
        return "recordings/" + Archive.newName()
    }

    /// For the one that comes after this one is killed.
    func remember(_ path: String) {
        guard out == nil else { return }
        do {
            try (path + "\n").write(toFile: note, atomically: true, encoding: .utf8)
        } catch {
            Printing.note(
                "\(note) cannot be written: after a kill give --out \(path) to go on with this recording"
            )
        }
    }
}
