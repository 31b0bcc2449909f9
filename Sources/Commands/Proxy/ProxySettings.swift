import Live

/// What `proxy` reads besides the settings of every session.
enum ProxySettings {
    struct Address: Hashable {
        var host: String
        var port: Int

        var isLoopback: Bool {
            host == "localhost" || host == "::1" || host.hasPrefix("127.")
        }

        var text: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

        /// Where a bot on this machine finds it.
        var reachable: String {
            switch host {
            case "0.0.0.0": "127.0.0.1:\(port)"
            case "::": "[::1]:\(port)"
            default: text
            }
        }
    }

    static let standard = "127.0.0.1:8446"

    /// Where to listen; anywhere but on loopback only when that is said.
    static func address(_ settings: Settings) throws -> Address {
        let entry = settings.value("listen")
        let text = entry?.value ?? standard
        let place = entry?.place ?? ""
        guard let address = address(text) else {
            throw Failure(
                place.hasPrefix("--") ? .usage : .sessionFile,
                "listen is \(text)",
                at: place,
                do: "Write HOST:PORT, such as \(standard) or [::1]:8446."
            )
        }
        let mayBeRemote = settings.value("listen_remote").map {
            ["yes", "true"].contains($0.value)
        }
        guard address.isLoopback || mayBeRemote == true else {
            throw Failure(
                .refused,
                "\(text) can be reached from other machines, and bots speak to it in the clear",
                at: place,
                do: "Listen on 127.0.0.1, or say --listen-remote (listen_remote: yes in the file)."
            )
        }
        return address
    }

    /// `HOST:PORT`, `[V6]:PORT`.
    static func address(_ text: String) -> Address? {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        let isName = host.utf8.allSatisfy { byte in
            (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":")].contains(byte)
        }
        return isName && !host.isEmpty ? Address(host: host, port: port) : nil
    }

    static func onJournalFailure(
        _ settings: Settings
    ) throws -> RelayConfiguration.JournalFailure {
        guard let entry = settings.value("on-journal-failure") else { return .pass }
        if let word = RelayConfiguration.JournalFailure(rawValue: entry.value) { return word }
        throw Failure(
            entry.place.hasPrefix("--") ? .usage : .sessionFile,
            "on-journal-failure is \(entry.value)",
            at: entry.place,
            do: "Write pass or refuse, or leave it out."
        )
    }

    /// Lines for a shell's `eval`.
    static func exports(_ address: Address) -> String {
        """
        export TAPEDECK_REST_URL=http://\(address.reachable)
        export TAPEDECK_WS_URL=ws://\(address.reachable)
        """
    }
}
