import ArgumentParser
import Live

/// Where to connect and with which key.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Bybit's hosts: mainnet, testnet, demo, eu, nl, tr, kz, ae, id, ge, jp.",
            valueName: "name"
        )
    )
    var environment: String?

    @Option(
        help: ArgumentHelp(
            "One http[s]://HOST:PORT from which REST and all WebSocket paths follow.",
            valueName: "url"
        )
    )
    var endpoint: String?

    @Option(
        help: ArgumentHelp(
            "The authority of the endpoint's certificate, a PEM file; `serve` writes its own.",
            valueName: "file"
        )
    )
    var caFile: String?

    @Option(
        help: ArgumentHelp(
            "A section of the credentials file, or a file in $CREDENTIALS_DIRECTORY.",
            valueName: "name"
        )
    )
    var credentials: String?

    @Option(
        help: ArgumentHelp(
            "The credentials file; its mode must be 600.",
            valueName: "file"
        )
    )
    var credentialsFile: String?

    @Option(
        help: ArgumentHelp(
            "Change a setting, such as strategies.maker.offset_ticks=3. Repeatable.",
            valueName: "path=value"
        )
    )
    var set: [String] = []

    @Option(
        help: ArgumentHelp(
            "Sign the recording with this private key; see `tapedeck keygen`.",
            valueName: "file"
        )
    )
    var signingKey: String?

    /// Options beat `--set`, which beats the file.
    func apply(to settings: inout Settings) throws {
        for assignment in set { try settings.set(assignment: assignment) }
        // One of the two decides; what the file says of the other is beaten too.
        if environment != nil || endpoint != nil {
            settings.remove("environment")
            settings.remove("endpoint")
        }
        for (path, value, option) in [
            ("environment", environment, "--environment"), ("endpoint", endpoint, "--endpoint"),
            ("ca_file", caFile, "--ca-file"), ("credentials", credentials, "--credentials"),
            ("credentials_file", credentialsFile, "--credentials-file"),
            ("journal.signing_key", signingKey, "--signing-key"),
        ] {
            if let value { settings.set(path, value, place: option) }
        }
    }
}

/// Where a recording goes and for how long it is made.
struct OutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The recording itself, or with `roll: day` the folder of all; the default is a new one in recordings/.",
            valueName: "dir"
        )
    )
    var out: String?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("Stop after this long: 30s, 5m, 7d.", valueName: "duration")
    )
    var duration: String?

    @Option(help: ArgumentHelp("Another name for --for Ns.", valueName: "n"))
    var seconds: Int?

    @Flag(help: "Print a status object each second, and errors as JSON.")
    var json = false

    @Option(help: ArgumentHelp("How often the status is given.", valueName: "duration"))
    var statusEvery = "1s"

    func nanoseconds() throws -> Int64? {
        if let duration {
            guard seconds == nil else {
                throw Failure(
                    .usage,
                    "--for and --seconds are both given",
                    do: "Give one of the two."
                )
            }
            return try DurationText.nanoseconds(duration)
        }
        guard let seconds else { return nil }
        return try DurationText.nanoseconds("\(seconds)s")
    }

    func path() -> String { out ?? "recordings/" + Archive.newName() }

    /// Where a session that rolls has its recordings.
    ///
    /// - Throws: a failure (64) where --out is itself a recording.
    func place(_ configuration: inout SessionConfiguration) throws {
        guard configuration.roll != nil else { return }
        if let out, Archive.isRecording(out) {
            throw Failure(
                .usage,
                "\(out) is a recording, and a session that rolls needs a folder for many",
                do: "Name another folder with --out, or leave `roll` out."
            )
        }
        configuration.folder = out ?? "recordings"
        configuration.sharesFolder = out == nil
    }
}
