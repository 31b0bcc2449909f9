import Bybit
import Gateway
import Market

/// What a configuration's words mean to the gateway: destination, trust, key.
struct Wiring {
    var destination: Destination
    var trust: Trust
    var credentials: Credentials?
    var proxy: Address?
    /// For a proxy that asks for them.
    var proxyCredentials: ProxyCredentials?
    /// What may leave when, for all who ask the exchange on the session's behalf and for the bots that pass it.
    let limiter: SharedLimiter

    /// - Parameter readsProxy: false where nothing is to be connected: the proxy's user and password are left unread.
    init(_ configuration: SessionConfiguration, readsProxy: Bool = true) throws(SessionError) {
        switch configuration.target {
        case .environment(let name):
            guard let environment = Environment(rawValue: name) else {
                throw .unknownEnvironment(name, known: Environment.allCases.map(\.rawValue))
            }
            destination = Destination(environment)
        case .endpoint(let base):
            do throws(AddressError) {
                destination = try Destination.endpoint(base: base)
            } catch {
                // What may be a password is not quoted.
                let text = error == .userInfo ? "" : " \(base)"
                throw .gateway("--endpoint\(text): \(error)", status: 64)
            }
        }
        trust = configuration.authority.map { Trust.authority(pem: $0) } ?? .system
        credentials = nil
        proxy = nil
        proxyCredentials = nil
        if let text = configuration.proxy {
            if let problem = SessionConfiguration.problem(ofProxy: text) {
                throw .gateway(problem, status: 64)
            }
            do throws(AddressError) {
                proxy = try Address(base: text)
            } catch {
                throw .gateway("proxy \(text): \(error)", status: 64)
            }
            if proxy?.isSecure == true {
                throw .gateway("proxy \(text): write it as http://HOST:PORT", status: 64)
            }
        }
        do throws(GatewayError) {
            if configuration.mayTrade { try destination.orderEntryAllowed() }
        } catch {
            throw SessionError(error)
        }
        var quotas = RateLimiter.Settings(destination)
        let share = configuration.quotaShare ?? (configuration.mayTrade ? 100 : 10)
        quotas.share = min(100, max(1, share))
        // Reconciliation yields to trading.
        if configuration.mayTrade { quotas.orderReserve = 20 }
        limiter = SharedLimiter(settings: quotas)
        if readsProxy { proxyCredentials = try Wiring.proxyCredentials(configuration) }
        credentials = try Wiring.credentials(configuration)
        do throws(GatewayError) {
            try credentials?.permit(destination)
        } catch {
            throw SessionError(error)
        }
    }

    /// Speaks REST where the session does, with this key or none, within the same limits.
    func client(
        _ credentials: Credentials?,
        account: String,
        clock: SessionClock
    ) throws(GatewayError) -> RESTClient {
        var settings = try RESTClient.Settings(
            destination: destination,
            credentials: credentials,
            account: account
        )
        settings.trust = trust
        settings.proxy = proxy?.description
        settings.proxyCredentials = proxyCredentials
        settings.limiter = limiter
        return try RESTClient(settings: settings, clock: clock)
    }

    /// User and password of the proxy; `nil` without a proxy, or where nobody wrote them.
    static func proxyCredentials(
        _ configuration: SessionConfiguration
    ) throws(SessionError) -> ProxyCredentials? {
        guard configuration.proxy != nil else { return nil }
        do throws(CredentialsError) {
            return try ProxyCredentials.read(file: configuration.credentialsFile)
        } catch {
            // A session that names neither key nor file begins whatever the user's own file is like; a proxy that asks says so.
            let isNamed = configuration.key != nil || configuration.credentialsFile != nil
            guard isNamed else { return nil }
            throw SessionError(error)
        }
    }

    static func credentials(
        _ configuration: SessionConfiguration
    ) throws(SessionError) -> Credentials? {
        switch configuration.key {
        case nil: return nil
        case .named(let name, let file):
            do throws(CredentialsError) {
                return try Credentials.read(name: name, file: file)
            } catch {
                throw SessionError(error)
            }
        case .builtIn(let key, let secret):
            var keyBytes = Array(key.utf8)
            var secretBytes = secret
            do throws(GatewayError) {
                let signer = Signer(
                    key: try Secret(taking: &keyBytes),
                    secret: try Secret(taking: &secretBytes)
                )
                return Credentials(
                    name: configuration.account,
                    environment: "loopback",
                    signer: signer
                )
            } catch {
                throw SessionError(error)
            }
        }
    }
}
