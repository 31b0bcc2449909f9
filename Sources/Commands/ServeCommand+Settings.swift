import Market
import ReplayServer
import Simulation

/// The options of a synthetic market, read before anything starts.
extension ServeCommand {
    func exchangeSettings() throws -> ExchangeServerConfiguration {
        var configuration = ExchangeServerConfiguration()
        configuration.port = port
        configuration.isPlain = plain
        configuration.accounts = try serverAccounts()
        configuration.chaosSeed = chaos
        configuration.journal = journal
        configuration.rateLimits = try limits()
        return configuration
    }

    func marketPace() throws -> MarketPace {
        guard let pace = MarketPace(pace ?? "real") else {
            throw Failure(
                .usage,
                "\(pace ?? "") is not a pace",
                do: "Write real, x1 to x10000, fast or virtual."
            )
        }
        return pace
    }

    private func limits() throws -> RateLimits {
        switch rateLimits {
        case "exchange": return .enforced
        case "off": return .unlimited
        default:
            guard rateLimits.hasPrefix("x"), let factor = Int(rateLimits.dropFirst()),
                (1...1_000_000).contains(factor)
            else {
                throw Failure(
                    .usage,
                    "\(rateLimits) is no way to limit rates",
                    do: "Write exchange, off, or xN."
                )
            }
            return .multiplied(factor)
        }
    }

    func universe() throws -> UniverseConfiguration {
        guard (1...1_000).contains(symbols), (25...1_000).contains(levels) else {
            throw Failure(
                .usage,
                "--symbols \(symbols) or --levels \(levels) is out of range",
                do: "Write 1 to 1000 symbols and 25 to 1000 levels."
            )
        }
        let plan = MarketRegime(rawValue: regime).map(RegimePlan.always)
        guard let plan = plan ?? (regime == "changing" ? .changing : nil) else {
            throw Failure(
                .usage,
                "\(regime) is not a regime",
                do: "Write "
                    + MarketRegime.allCases.map(\.rawValue).joined(separator: ", ")
                    + " or changing."
            )
        }
        return UniverseConfiguration(
            symbols: symbols,
            levels: levels,
            regimes: plan,
            categories: try listedCategories()
        )
    }

    private func listedCategories() throws -> Set<Category> {
        guard let categories else { return Set(Category.allCases) }
        var listed: Set<Category> = []
        for word in categories.split(separator: ",", omittingEmptySubsequences: false) {
            guard let category = Category(name: word) else {
                throw Failure(
                    .usage,
                    "--categories: \(word) is no category",
                    do: "Write linear, inverse, spot, option or spread, comma-separated."
                )
            }
            listed.insert(category)
        }
        // Strikes are chosen around the perpetual's price, and a combination has legs.
        for (category, needed) in [(.option, [.linear]), (.spread, [.linear, .spot])]
            as [(Category, Set<Category>)]
        where listed.contains(category) && !listed.isSuperset(of: needed) {
            let names = needed.sorted().map(\.name).joined(separator: " and ")
            throw Failure(
                .usage,
                "--categories: \(category.name) needs \(names)",
                do: "Name \(names) too."
            )
        }
        return listed
    }

    func beginning(_ pace: MarketPace) throws -> Timestamp? {
        guard let start else { return pace == .virtual ? BuiltInExchange.virtualStart : nil }
        guard let time = RecordingPosition.time(start), time >= .zero else {
            throw Failure(.usage, "\(start) is not a time", do: "Write 2026-01-13T00:00:00Z.")
        }
        return time
    }

    private func serverAccounts() throws -> [ServerAccount] {
        if account.isEmpty { return [ServerAccount.generated(alias: "main")] }
        return try account.enumerated().map { index, text in
            guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
                throw Failure(.usage, "--account is not KEY:SECRET")
            }
            return ServerAccount(
                alias: index == 0 ? "main" : "main\(index + 1)",
                key: String(text[..<colon]),
                secret: Array(text[text.index(after: colon)...].utf8)
            )
        }
    }
}
