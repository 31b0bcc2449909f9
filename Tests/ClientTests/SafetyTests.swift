import Market
import ReplayServer
import TapedeckClient
import Testing

extension ClientTests {
    /// Keys and where orders may go.
    @Suite(.timeLimit(.minutes(10))) struct SafetyTests {
        private static let order = OrderRequest(
            instrument: InstrumentID(.linear, Symbol("BTCUSDT") ?? .none),
            orderLinkID: "real",
            side: .buy,
            quantity: Numeral(mantissa: 1, decimals: 2),
            price: Numeral(mantissa: 1, decimals: 0)
        )

        private static let wrong = "wrongSecret000000000"

        private func expectNoSecret(
            _ text: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            for word in [ServedExchange.account.key, ServedExchange.secret, Self.wrong] {
                #expect(!text.contains(word), "\(text)", sourceLocation: sourceLocation)
            }
        }

        @Test func `a wrong secret is a typed error, shown once, and quoted nowhere`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: Self.wrong)
                var links = client.connectionEvents().makeAsyncIterator()
                let refused = await #expect(throws: ClientError.self) {
                    try await client.wallet()
                }
                guard case .refused(_, 10_004, let message) = refused else {
                    Issue.record("\(String(describing: refused))")
                    return
                }
                expectNoSecret("\(message) \(String(describing: refused))")
                let ended = await #expect(throws: ClientError.self) {
                    for try await _ in try client.privateEvents() {}
                }
                guard case .authenticationRefused = ended else {
                    Issue.record("\(String(describing: ended))")
                    return
                }
                expectNoSecret("\(String(describing: ended))")
                // Each word on the connection, its end included.
                var said = ""
                try await links.until { event in
                    said += "\(event)"
                    guard case .connection(let link) = event.content else { return false }
                    return link.change == .disconnected
                }
                expectNoSecret(said)
                #expect(said.contains("authentication refused"))
                let status = try #require(await client.connections.first)
                #expect(status.phase == .idle && status.connections == 1)
                expectNoSecret("\(status)")
                var dumped = ""
                dump(client, to: &dumped)
                dump(client.configuration, to: &dumped)
                expectNoSecret(dumped)
                await client.close()
            }
        }

        @Test func `orders that cost money are refused before anything is sent, unless asked for`()
            async throws
        {
            var configuration = ClientConfiguration(
                environment: .mainnet,
                credentials: try ServedExchange.credentials(environment: "mainnet")
            )
            // Nobody listens there: whatever leaves fails at once, on this machine.
            configuration.proxy = try Address(base: "http://127.0.0.1:1")
            let careful = try BybitClient(configuration)
            let refusal = ClientError.ordersRefused(destination: "mainnet")
            await #expect(throws: refusal) { try await careful.place(Self.order) }
            await #expect(throws: refusal) { try await careful.place([Self.order]) }
            await #expect(throws: refusal) {
                try await careful.cancelAll(.everything, of: Self.order.instrument)
            }
            #expect(refusal.description.contains("ordersCostMoney"))
            await careful.close()
            configuration.ordersCostMoney = true
            let bold = try BybitClient(configuration)
            let outcome = try await bold.place(Self.order)
            guard case .notSent("real", let reason) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            // Not the guard: the way was open, and nobody was at the end of it.
            #expect(reason.contains("127.0.0.1 port 1"), "\(reason)")
            await bold.close()
        }

        @Test func `a key goes only where it belongs, and what needs one says so`() async throws {
            let error = #expect(throws: ClientError.self) {
                try BybitClient(
                    ClientConfiguration(
                        environment: .testnet,
                        credentials: try ServedExchange.credentials()
                    )
                )
            }
            guard case .gateway(.keyOfOtherEnvironment(key: "loopback", _)) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: nil)
                #expect(throws: ClientError.self) { try client.privateEvents() }
                let wallet = ClientError.noCredentials(what: "/v5/account/wallet-balance")
                await #expect(throws: wallet) { try await client.wallet() }
                let create = ClientError.noCredentials(what: "/v5/order/create")
                await #expect(throws: create) { try await client.place(Self.order) }
                await client.close()
                let late = await #expect(throws: ClientError.self) {
                    try await client.serverTime()
                }
                guard case .notSent = late else {
                    Issue.record("\(String(describing: late))")
                    return
                }
            }
        }
    }
}
