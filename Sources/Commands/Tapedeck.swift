import ArgumentParser

/// The root of the command line.
struct Tapedeck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tapedeck",
        abstract: "The flight recorder of a trading desk on Bybit.",
        discussion: """
            Tapedeck records every WebSocket message and REST response as the bytes that came, rebuilds \
            orders, positions and P&L from the recording, and replays a recorded session through the same \
            strategy and risk code.

            Try `tapedeck demo`: it needs no account, no key and no network.

            RECORDING is a directory, `last`, `last~1`, or the beginning of a name in recordings/.
            POSITION is a sequence number, a time (2026-01-13T00:00:00Z), @ and Unix milliseconds, \
            start+90s, end-5m or end.

            Exit status: 0 yes or done, 1 no or different, 2 cannot be judged, 64 wrong usage, 65 not in the \
            format, 66 not found, 69 exchange not reachable, 70 a bug, 73 output exists, 74 disk error, \
            75 held by another process, 77 refused for safety, 78 session file wrong.
            """,
        version: Version.text,
        subcommands: [
            DemoCommand.self,
            InitCommand.self,
            CheckCommand.self,
            ProbeCommand.self,
            RecordCommand.self,
            ProxyCommand.self,
            TradeCommand.self,
            DeskCommand.self,
            LsCommand.self,
            InfoCommand.self,
            CatCommand.self,
            TopCommand.self,
            StateCommand.self,
            OrdersCommand.self,
            PnLCommand.self,
            AuditCommand.self,
            SQLCommand.self,
            ReplayCommand.self,
            BisectCommand.self,
            SimulateCommand.self,
            ServeCommand.self,
            TestBotCommand.self,
            VerifyCommand.self,
            RecoverCommand.self,
            CompactCommand.self,
            PruneCommand.self,
            SliceCommand.self,
            MergeCommand.self,
            ImportCommand.self,
            ExportCommand.self,
            BundleCommand.self,
            KeygenCommand.self,
        ]
    )
}
