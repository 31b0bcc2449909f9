import FaultProxy
import Testing

/// The program's exchange, and a recorder on it: directly, or through a proxy that has faults.
struct RecordedExchange {
    let server: Running
    let port: Int
    let proxy: FaultProxy?
    private let folder: TemporaryFolder

    /// - Parameter faults: of the proxy; without them there is none.
    init(
        _ options: [String],
        behind faults: FaultPlan? = nil,
        in folder: TemporaryFolder
    ) async throws {
        self.folder = folder
        server = try ControlledMarket.serve(options, in: folder)
        port = try await ControlledMarket.port(server)
        if let faults {
            proxy = try await FaultProxy.start(to: port, plan: faults)
        } else {
            proxy = nil
        }
    }

    /// Starts a recorder, with the exchange's own account, into the folder `session`.
    func record(_ topics: [String], settings: String = "") throws -> Running {
        try ControlledMarket.writeSession(
            endpoint: proxy?.port ?? port,
            topics: topics,
            settings: settings,
            in: folder
        )
        return try Program.start(
            ["record", "session.yaml", "--out", "session", "--json", "--for", "600s"],
            in: folder.path
        )
    }

    /// Waits until its one socket, the account's, is there.
    static func joined(_ recorder: Running) async throws {
        let _: Bool = try await recorder.line { $0.contains(#""sockets_ready":1"#) ? true : nil }
    }

    /// Waits until all sockets are complete.
    static func whole(_ recorder: Running) async throws {
        try await ProxiedSession.until("all sockets are complete") {
            ProxiedSession.isWhole(recorder)
        }
    }
}
