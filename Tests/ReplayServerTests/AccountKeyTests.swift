import CCrypto
import Market
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Keys that sign with RSA.
    @Suite(.timeLimit(.minutes(10))) struct AccountKeyTests {
        /// A fresh key pair: the PEM of its public half, and a way to sign with the private one.
        private final class Pair {
            let key: OpaquePointer
            let publicKey: String

            init() throws {
                let context = try #require(EVP_PKEY_CTX_new_from_name(nil, "RSA", nil))
                defer { EVP_PKEY_CTX_free(context) }
                var made: OpaquePointer?
                _ = EVP_PKEY_keygen_init(context)
                _ = EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2_048)
                _ = EVP_PKEY_keygen(context, &made)
                key = try #require(made)
                let memory = try #require(BIO_new(BIO_s_mem()))
                defer { BIO_free(memory) }
                _ = PEM_write_bio_PUBKEY(memory, key)
                var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(memory))
                _ = BIO_read(memory, &bytes, Int32(bytes.count))
                publicKey = String(decoding: bytes, as: UTF8.self)
            }

            deinit { EVP_PKEY_free(key) }

            func sign(_ text: String) -> String {
                let message = Array(text.utf8)
                let context = EVP_MD_CTX_new()
                defer { EVP_MD_CTX_free(context) }
                _ = EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key)
                var length = 0
                _ = EVP_DigestSign(context, nil, &length, message, message.count)
                var signature = [UInt8](repeating: 0, count: length)
                _ = EVP_DigestSign(context, &signature, &length, message, message.count)
                var text = [UInt8](repeating: 0, count: length * 2)
                let count = EVP_EncodeBlock(&text, signature, Int32(length))
                return String(decoding: text.prefix(Int(count)), as: UTF8.self)
            }
        }

        @Test func `an RSA key signs requests and logins on every door`() async throws {
            let pair = try Pair()
            let account = ServerAccount(
                alias: "main",
                key: "canaryKeyRSA000001",
                publicKey: pair.publicKey
            )
            try await TestExchange.runAll([.perpetual], accounts: [account]) { exchange in
                func get(_ signed: String) async throws -> String {
                    let time = WallClock.now.milliseconds
                    let text = "\(time)\(account.key)5000\(signed)"
                    let socket = try await TestSocket.connect(exchange.server.address)
                    let reply = try await socket.request(
                        "GET",
                        "/v5/account/fee-rate?category=linear&symbol=BTCUSDT",
                        headers: [
                            ("X-BAPI-API-KEY", account.key), ("X-BAPI-TIMESTAMP", "\(time)"),
                            ("X-BAPI-RECV-WINDOW", "5000"), ("X-BAPI-SIGN", pair.sign(text)),
                        ]
                    )
                    await socket.close()
                    return reply.body
                }
                #expect(try await get("category=linear&symbol=BTCUSDT").contains(#""retCode":0"#))
                #expect(
                    try await get("symbol=BTCUSDT&category=linear").contains(#""retCode":10004"#)
                )
                for path in ["/v5/private", "/v5/trade"] {
                    let expires = WallClock.now.milliseconds + 5_000
                    let signature = pair.sign("GET/realtime\(expires)")
                    let socket = try await exchange.open(path)
                    let reply = try await socket.ask(
                        #"{"op":"auth","args":["\#(account.key)",\#(expires),"\#(signature)"]}"#
                    )
                    #expect(
                        reply.contains(path == "/v5/trade" ? #""retCode":0"# : #""success":true"#)
                    )
                    await socket.close()
                }
            }
        }

        @Test func `what is no RSA key is refused at start`() {
            for pem in [
                "", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            ] {
                #expect(throws: ServerError.self) {
                    _ = try AccountDirectory([
                        ServerAccount(alias: "a", key: "k", publicKey: pem)
                    ])
                }
            }
            #expect(throws: ServerError.self) {
                _ = try AccountDirectory([ServerAccount(alias: "a", key: "k", secret: [])])
            }
        }
    }
}
