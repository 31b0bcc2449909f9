import Foundation
import Market
import ReplayServer
import Simulation

/// What `serve` says: where it is, with which keys, and each second what goes on.
struct ServeReport: Sendable {
    let isJSON: Bool
    /// Where the authority of the TLS certificate is written to.
    let authorityFile: String

    // MARK: at the start

    func announce(
        _ address: ServerAddress,
        _ configuration: ExchangeServerConfiguration,
        seed: UInt64
    ) throws {
        try keep(address.authority)
        if isJSON {
            Printing.json(schema: "serve") {
                place(address, &$0)
                $0.field("seed", String(seed))
                if let chaos = configuration.chaosSeed { $0.field("chaos", String(chaos)) }
                $0.field("pace", configuration.pace.description)
                $0.field("control", address.base + "/tapedeck/")
                if let journal = configuration.journal { $0.field("journal", journal) }
                write(configuration.accounts, to: &$0)
                $0.field(
                    "assumptions",
                    object: { json in
                        for subject in Assumptions.subjects {
                            json.field(subject.title, subject.lines.count)
                        }
                    }
                )
            }
            return
        }
        sayPlace(address)
        Printing.result(
            "seed       \(seed)" + (configuration.chaosSeed.map { ", chaos \($0)" } ?? "")
                + ", pace \(configuration.pace)"
        )
        Printing.result("control    \(address.base)/tapedeck/status")
        if let journal = configuration.journal { Printing.result("journal    \(journal)") }
        say(configuration.accounts)
        let subjects = Assumptions.subjects
        let total = subjects.reduce(0) { $0 + $1.lines.count }
        Printing.result(
            "assumed    \(total) things that Bybit's documentation leaves open; serve --assumptions"
        )
        for subject in subjects {
            Printing.result("           \(subject.title): \(subject.lines.count)")
        }
    }

    /// The accounts of an exchange that lives on loopback and no longer than this process.
    func write(_ accounts: [ServerAccount], to json: inout JSONWriter) {
        json.field(
            "accounts",
            array: { rows in
                for account in accounts {
                    rows.object {
                        $0.field("alias", account.alias)
                        $0.field("key", account.key)
                        $0.field("secret", String(decoding: account.secret, as: UTF8.self))
                    }
                }
            }
        )
    }

    func say(_ accounts: [ServerAccount]) {
        for account in accounts {
            Printing.result("account    \(account.alias); for the credentials file:")
            Printing.result("           [\(account.alias)]")
            Printing.result("           key = \(account.key)")
            Printing.result(
                "           secret = \(String(decoding: account.secret, as: UTF8.self))"
            )
            Printing.result("           environment = loopback")
        }
    }

    func announce(
        _ address: ServerAddress,
        messages: Int,
        from file: String,
        seed: UInt64
    ) throws {
        try keep(address.authority)
        if isJSON {
            Printing.json(schema: "serve") {
                place(address, &$0)
                $0.field("seed", String(seed))
                $0.field("messages", messages)
            }
        } else {
            sayPlace(address)
            Printing.result("messages   \(messages) from \(file)")
        }
    }

    /// Where it is, and what `json` or `text` say of what is served.
    func announce(
        _ address: ServerAddress,
        json: (inout JSONWriter) -> Void,
        text: () -> Void
    ) throws {
        try keep(address.authority)
        if isJSON {
            Printing.json(schema: "serve") {
                place(address, &$0)
                json(&$0)
            }
        } else {
            sayPlace(address)
            text()
        }
    }

    private func place(_ address: ServerAddress, _ json: inout JSONWriter) {
        json.field("endpoint", address.base)
        json.field("websocket", address.webSocketBase)
        json.field("port", address.port)
        json.field("ca_file", address.authority == nil ? "" : authorityFile)
    }

    private func sayPlace(_ address: ServerAddress) {
        Printing.result("endpoint   \(address.base)")
        for category in Category.allCases {
            Printing.result("websocket  \(address.webSocket(.publicData(category)))")
        }
        Printing.result("           \(address.webSocket(.privateData))")
        if address.authority != nil { Printing.result("authority  \(authorityFile)") }
    }

    private func keep(_ authority: String?) throws {
        guard let authority else { return }
        guard
            FileManager.default.createFile(atPath: authorityFile, contents: Data(authority.utf8))
        else {
            throw Failure(
                .disk,
                "the authority of the certificate could not be written",
                at: authorityFile,
                do: "Name another file with --ca-out, or serve with --plain."
            )
        }
    }

    // MARK: each second

    func show(_ now: ServerCounters, since last: ServerCounters) {
        let pushes = now.pushes - last.pushes
        let orders = now.orders - last.orders
        if isJSON {
            Printing.json(schema: "serve") {
                $0.field("clients", now.clients)
                $0.field("subscriptions", now.subscriptions)
                $0.field("pushes", now.pushes)
                $0.field("pushes_per_second", pushes)
                $0.field("requests", now.requests)
                $0.field("orders", now.orders)
                $0.field("orders_per_second", orders)
                $0.field("rejected", now.rejected)
                $0.field("manners", now.manners)
                $0.field("listing_faults", now.listingFaults)
            }
        } else if Printing.showsProgress {
            Printing.progress(
                "\(now.clients) clients, \(now.subscriptions) subscriptions,"
                    + " \(pushes) pushes/s, \(orders) orders/s"
                    + (now.manners > 0 ? ", \(now.manners) faults" : "")
                    + (now.listingFaults > 0 ? ", \(now.listingFaults) not listed" : "")
            )
        }
    }
}
