import NIOSSL

/// Whose certificates are believed; chain and host name are always verified.
public enum Trust: Sendable, Equatable {
    /// The system's authorities.
    case system
    /// This authority alone, as PEM text: for the exchange in a box, and for offices with their own.
    case authority(pem: [UInt8])

    /// Settings for a WebSocket; made once and shared by the sockets of a session.
    public func makeContext() throws(GatewayError) -> TLSContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .fullVerification
        configuration.minimumTLSVersion = .tlsv12
        do {
            switch self {
            case .system: configuration.trustRoots = .default
            case .authority(let pem):
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(pem))
            }
            return TLSContext(context: try NIOSSLContext(configuration: configuration))
        } catch {
            throw .certificate("\(error)")
        }
    }
}

/// Prepared TLS settings; costly to make, free to share.
public struct TLSContext: Sendable {
    let context: NIOSSLContext

    func makeHandler(host: Address) throws -> NIOSSLClientHandler {
        // An address is no server name; it is then compared with the certificate's addresses.
        try NIOSSLClientHandler(
            context: context,
            serverHostname: host.isIPAddress ? nil : host.host
        )
    }
}
