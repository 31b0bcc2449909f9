import Live

/// The session file that `init` writes: what is set records public data, what is commented out is everything else.
///
/// A line that begins with `#` and no blank, or two and more, is a setting that can be used as it stands.
enum SessionTemplate {
    static func text(environment: String) throws -> String {
        let known = SessionConfiguration.environments
        guard known.contains(environment) else {
            throw Failure(
                .usage,
                "\(environment) is not an environment",
                at: "--environment",
                do: "Known are: \(known.joined(separator: ", "))."
            )
        }
        return body.replacing("ENVIRONMENT", with: environment)
    }

    private static let body = """
        # A session of Tapedeck: what is recorded, with which key, and where it goes.
        #
        # - tapedeck check session.yaml: what is wrong, what it subscribes, what it takes on the disk
        # - tapedeck record session.yaml: records
        # - tapedeck trade session.yaml: runs the strategies too (loopback, testnet and demo only)
        #
        # Options of the command line beat --set path=value, which beats this file, which beats defaults.

        # Where to connect: mainnet, testnet, demo, eu, nl, tr, kz, ae, id, ge, jp.
        environment: ENVIRONMENT
        # Or one address from which REST and all WebSocket paths follow, such as that of `tapedeck serve`.
        #endpoint: https://127.0.0.1:8443
        # The authority of the endpoint's certificate; the system's without it.
        #ca_file: exchange-ca.pem
        # An HTTP proxy for REST and WebSocket. Its user and password, where it asks for them, never stand here: section
        # [proxy] of the credentials file has the lines user = NAME and password = WORD.
        #proxy: http://127.0.0.1:3128

        # The key: a section of ~/.config/tapedeck/credentials (mode 600), or a file of systemd's credentials directory.
        # Without one public data alone is recorded. A key that may withdraw or transfer is refused.
        #credentials: main
        #credentials_file: credentials
        # What the account is called in the recording, in place of its number.
        #account: main

        # Public streams, CATEGORY:TOPIC. Rules pick symbols by the exchange's lists: *USDT, top:30 by turnover in
        # dollars, and of options, coin by coin, BTC-* within:30d. Categories: spot, linear, inverse, option, spread.
        public:
          - linear:orderbook.50.BTCUSDT
          - linear:publicTrade.BTCUSDT
          - linear:tickers.BTCUSDT
          #- linear:kline.1.BTCUSDT
          #- linear:tickers.top:30
          #- option:tickers.BTC-* within:30d
          #- spread:orderbook.25.*

        # Private streams of a session with credentials beside orders, executions, positions and wallet.
        #private: [greeks, strategy, execution.fast]

        # How many connections carry the same public streams, 1 to 3; more than one is for `record`. The exchange's
        # news of its own state (system.status) come on a socket more.
        #sockets:
        #  redundancy: 1
        #  status: follow
        # Percent of the exchange's request quotas that this session may use.
        #rest:
        #  share: 10

        # Strategies of `trade`, each under a name of its own, and the limits that every order must stay under.
        #strategies:
        #  maker:
        #    kind: maker
        #    symbols: BTCUSDT
        #    offset_ticks: 2
        #limits:
        #  order_value: 2000
        #  position_value: 10000
        #  open_orders: 20
        #  daily_loss: 500
        # An order leaves when its record is written (survives kill -9) or durable (survives a power cut).
        #durability:
        #  orders: written
        # New orders, amendments and cancels: rest, or socket for the trade WebSocket.
        #orders:
        #  entry: rest
        # Have the exchange cancel what is open when this process is gone (for accounts that have DCP).
        #dcp: arm

        # The journal: bytes that may wait for the disk, what happens to public data when they are too many (stall, shed),
        # the size of a segment, and the key that signs the seal (`tapedeck keygen`).
        #journal:
        #  queue_bytes: 33554432
        #  when_full: stall
        #  segment_bytes: 67108864
        #  signing_key: signing.pem
        # At 00:00 UTC one recording is sealed and the next begun; --out then names the folder that they lie in.
        #roll: day
        # What may stay on the disk: budget of all recordings of the row with what was derived from them, and what stays
        # free on the file system.
        # when_full: prune (the oldest goes, noted in pruned.jsonl), shed-public (public data is counted and not
        # kept) or stop (seal, and end with status 74). keep: what is older goes; max_size: of one recording.
        #disk:
        #  budget: 200GiB
        #  reserve: 10GiB
        #  when_full: prune
        #  keep: 30d
        #  max_size: 20GiB

        # Figures for Prometheus on /metrics, and /health; beyond this machine only where metrics_reach says anyone.
        #metrics: 127.0.0.1:9464
        #metrics_reach: anyone
        # What the session warns of, once when it begins and once when it ends, to each sink. All are on; these are the
        # thresholds that hold without this. An alert is put out by `off` in place of its thresholds.
        #alerts:
        #  sinks:
        #    - webhook: https://alerts.example/tapedeck
        #    - exec: [/bin/sh, -c, "cat >> alerts.jsonl"]
        #  stream-silent: {after: 30s}
        #  book-invalid: {after: 5s}
        #  reconnect-storm: {count: 5, within: 60s}
        #  queue-filling: {percent: 50}
        #  disk-filling: {days: 3}
        #  append-stalled: {after: 5s}
        #  clock-offset: {over: 250ms}
        #  key-expiring: {days: 14}
        #  rate-quota: {percent: 20}
        #  verify-failed: on
        #  shut-out: on
        #  dcp-unarmed: on

        # For `proxy`: where bots find the exchange, what happens while the journal cannot record (pass, refuse), and a
        # read-only key of the bot's account for questions of our own.
        #listen: 127.0.0.1:8446
        #listen_remote: no
        #on-journal-failure: pass
        #observe: main

        """
}
