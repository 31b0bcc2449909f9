import ArgumentParser
import Foundation
import Journal
import Market

struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make the key pair that signs recordings.",
        discussion: """
            Writes an Ed25519 private key (PEM, mode 0600) and, beside it, its public key with .pub behind the \
            name. A file that is there is never replaced (73). Name the private key as `journal.signing_key` in \
            the session file, or as --signing-key, and give the public one to whoever is to check: \
            `tapedeck verify R --key FILE.pub`.
            """
    )

    @Option(
        help: ArgumentHelp(
            "The private key's file; the default is $XDG_CONFIG_HOME/tapedeck/signing.pem.",
            valueName: "file"
        )
    )
    var out: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let path = out ?? KeygenCommand.standardPath
        let publicPath = path + ".pub"
        for file in [path, publicPath] where FileManager.default.fileExists(atPath: file) {
            throw Failure(
                .exists,
                "a file is there already",
                at: file,
                do:
                    "Name another with --out; a key that has signed is needed as long as what it signed."
            )
        }
        let folder = URL(filePath: path).deletingLastPathComponent()
        try? FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let key: SigningKey
        do throws(JournalError) {
            do throws(JournalError.Reason) {
                key = try SigningKey.generate()
            } catch {
                throw JournalError(error, file: path)
            }
            try KeyFile.create(path, key.pem(), mode: 0o600)
            try KeyFile.create(publicPath, key.publicKey.pem(), mode: 0o644)
        } catch {
            throw Failure(error)
        }
        if json {
            Printing.json(schema: "keygen") {
                $0.field("private", path)
                $0.field("public", publicPath)
                $0.field("key", key.publicKey.description)
            }
        } else {
            Printing.result("private    \(path)")
            Printing.result("public     \(publicPath)")
            Printing.result("key        \(key.publicKey)")
        }
    }

    private static var standardPath: String {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? "."
        let folder = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        return (folder ?? home + "/.config") + "/tapedeck/signing.pem"
    }
}
