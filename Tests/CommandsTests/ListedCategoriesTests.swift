import Foundation
import Testing

/// `serve --categories`: a market of what was asked for.
@Suite struct ListedCategoriesTests {
    @Test(
        arguments: [
            ("linear,futures", "futures is no category"), ("", " is no category"),
            ("option", "option needs linear"), ("linear,spread", "spread needs spot and linear"),
        ]
    )
    func `what cannot be listed is a usage error`(categories: String, words: String) async throws {
        let outcome = try await Program.run([
            "serve", "--synthetic", "--categories", categories, "--for", "1s",
        ])
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }

    @Test func `only what was named is listed`() async throws {
        let server = try Program.start([
            "serve", "--synthetic", "--plain", "--json", "--categories", "linear,spot", "--for",
            "120s",
        ])
        defer { server.kill() }
        let endpoint = try await server.line { Endpoint($0) }.url
        let rest = try RawSocket(port: try #require(URL(string: endpoint)?.port))
        for (category, isListed) in [
            ("linear", true), ("spot", true), ("inverse", false), ("option", false),
        ] {
            let path = "/v5/market/instruments-info?category=" + category
            let text = try rest.request("GET", path)
            #expect(text.contains(#""retCode":0"#), "\(text.prefix(200))")
            #expect(text.contains(#""symbol":""#) == isListed, "\(category): \(text.prefix(200))")
        }
    }
}
