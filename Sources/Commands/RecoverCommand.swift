import ArgumentParser
import Foundation
import Journal
import Market

struct RecoverCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Make a sealed recording of one that was not closed, or that is damaged.",
        discussion: """
            Where nothing durable is lost the recording is sealed in place, as its next run would do it. A damaged \
            one is left as it is: every record that proves itself is written to a new recording beside it, \
            with its number and its link of the chain, and what is missing is named, here and in the new one. \
            Status 0: nothing is lost. 1: recovered with loss. 2: nothing of it can be read.
            """
    )

    @OptionGroup var options: RecordingOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Where a damaged recording is written anew; the default is RECORDING-recovered.",
            valueName: "dir"
        )
    )
    var output: String?

    @Option(
        help: ArgumentHelp("Sign the recovered recording with this private key.", valueName: "file")
    )
    var signingKey: String?

    func judge() throws -> ExitStatus {
        let path = try options.directory()
        let target = output ?? path + "-recovered"
        try Sandbox.denyOutgoing()
        let outcome = try NewRecording.write(target) { () throws(JournalError) in
            var recoverer = Recoverer()
            recoverer.key = try signingKey.map { file throws(JournalError) in
                try SigningKey(file: file)
            }
            return try recoverer.recover(path, to: target)
        }
        if options.json {
            printJSON(outcome)
        } else {
            switch outcome.way {
            case .sound: Printing.result("sound      \(path): sealed already, nothing to do")
            case .inPlace: Printing.result("sealed     \(outcome.path), in place")
            case .copied: Printing.result("written    \(outcome.path); \(path) is as it was")
            }
            Printing.result("records    \(outcome.first) to \(outcome.last)")
            for loss in outcome.lost {
                let range = RecoverCommand.range(loss)
                Printing.result("lost       \(range.isEmpty ? "" : range + ": ")\(loss.what)")
            }
        }
        return outcome.lost.isEmpty ? .yes : .no
    }

    private static func range(_ loss: Recoverer.Loss) -> String {
        guard loss.first != .none, loss.first <= loss.last else { return "" }
        return "records \(loss.first) to \(loss.last)"
    }

    private func printJSON(_ outcome: Recoverer.Outcome) {
        Printing.json(schema: "recover") {
            $0.field("recording", outcome.path)
            $0.field("way", outcome.way.rawValue)
            $0.nested("sequence") {
                $0.field("first", outcome.first)
                $0.field("last", outcome.last)
            }
            $0.field(
                "lost",
                array: { rows in
                    for loss in outcome.lost {
                        rows.object {
                            $0.field("first", loss.first)
                            $0.field("last", loss.last)
                            $0.field("what", loss.what)
                        }
                    }
                }
            )
        }
    }
}
