import Foundation
import Journal

/// Which recording a proxy writes: the one that is named, or the one that its predecessor at this address left open.
struct ProxyRecording {
    var out: String?
    var address: ProxySettings.Address
    /// Where the bot's traffic goes: what was recorded of one exchange is not gone on with by another's.
    var target = ""

    private static func word(_ text: String) -> String {
        String(text.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "-" })
    }

    /// The folder of a proxy that rolls.
    static func folder(_ address: ProxySettings.Address) -> String {
        "recordings/proxy-" + word(address.text)
    }

    /// Beside the recordings, and none of them: where the last proxy at this address recorded into.
    private var note: String {
        "recordings/.proxy-" + ProxyRecording.word(address.text + "-" + target)
    }

    /// Whoever takes any free port is nobody's successor.
    private var isFound: Bool { out == nil && address.port != 0 }

    func path() throws -> String {
        if let out { return out }
        if isFound, let text = try? String(contentsOfFile: note, encoding: .utf8) {
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
        guard isFound else { return }
        do {
            try (path + "\n").write(toFile: note, atomically: true, encoding: .utf8)
        } catch {
            Printing.note(
                "\(note) cannot be written: after a kill give --out \(path) to go on with this recording"
            )
        }
    }
}
