import ArgumentParser
import Foundation
import Market

struct InitCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented session file, or a package for a strategy of one's own.",
        discussion: """
            `tapedeck init [DIR]` writes DIR/session.yaml: public data of one contract, and every other setting as a \
            comment. `tapedeck check` accepts it as it stands.

            `tapedeck init strategy NAME` writes the folder NAME: a Swift package with a strategy and a program that \
            has every command of this one. Nothing that is there is ever replaced (73).

            Example: tapedeck init desk --environment testnet && tapedeck check desk/session.yaml
            """
    )

    @Argument(
        help: ArgumentHelp(
            "A folder for session.yaml, the working directory without one; or `strategy NAME`.",
            valueName: "dir | strategy name"
        )
    )
    var words: [String] = []

    @Option(
        help: ArgumentHelp(
            "The environment that the session file names: mainnet, testnet, demo, eu, …",
            valueName: "name"
        )
    )
    var environment = "mainnet"

    @Option(
        help: ArgumentHelp(
            "Where the package of a strategy finds Tapedeck: a checkout of it.",
            valueName: "dir"
        )
    )
    var tapedeck: String?

    @Flag(help: "Print JSON.")
    var json = false

    func judge() throws -> ExitStatus {
        if words.first == "strategy" {
            guard words.count == 2 else {
                throw Failure(
                    .usage,
                    "a strategy has a name",
                    do: "Write `tapedeck init strategy momentum`."
                )
            }
            return try strategy(words[1])
        }
        guard words.count <= 1 else {
            throw Failure(
                .usage,
                "\(words[1]) is one word too many",
                do: "Write `tapedeck init DIR` or `tapedeck init strategy NAME`."
            )
        }
        let text = try SessionTemplate.text(environment: environment)
        try write([("session.yaml", text)], into: words.first ?? ".")
        let file = InitCommand.path(words.first ?? ".", "session.yaml")
        if !json { Printing.result("next: tapedeck check \(file)") }
        return .yes
    }

    private func strategy(_ name: String) throws -> ExitStatus {
        let package = try StrategyTemplate(name: name, tapedeck: tapedeck)
        guard !FileManager.default.fileExists(atPath: name) else {
            throw InitCommand.isThere(name)
        }
        try write(package.files, into: name)
        if !json {
            Printing.result(
                "next: cd \(name) && swift run \(name) trade session.yaml (see its README.md)"
            )
        }
        return .yes
    }

    // MARK: - Files

    private func write(_ files: [(path: String, text: String)], into folder: String) throws {
        let manager = FileManager.default
        for (path, _) in files where manager.fileExists(atPath: InitCommand.path(folder, path)) {
            throw InitCommand.isThere(InitCommand.path(folder, path))
        }
        for (path, text) in files {
            let file = InitCommand.path(folder, path)
            do {
                try manager.createDirectory(
                    at: URL(filePath: file).deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(text.utf8).write(to: URL(filePath: file), options: .withoutOverwriting)
            } catch let error as CocoaError where error.code == .fileWriteFileExists {
                throw InitCommand.isThere(file)
            } catch {
                throw Failure(
                    .disk,
                    "it cannot be written: \(error.localizedDescription)",
                    at: file,
                    do: "Name a folder that is yours."
                )
            }
        }
        let paths = files.map { InitCommand.path(folder, $0.path) }
        guard json else {
            for path in paths { Printing.result("wrote \(path)") }
            return
        }
        Printing.json(schema: "init") {
            $0.field("files", array: { list in for path in paths { list.value(path) } })
        }
    }

    private static func path(_ folder: String, _ name: String) -> String {
        folder == "." ? name : folder + "/" + name
    }

    private static func isThere(_ path: String) -> Failure {
        Failure(
            .exists,
            "it is there already, and nothing is replaced",
            at: path,
            do: "Name another folder, or move it away."
        )
    }
}
