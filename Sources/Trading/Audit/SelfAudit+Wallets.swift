import Market

extension SelfAudit {
    private static let field = "walletBalance"

    mutating func compare(_ row: WalletUpdate, _ header: RecordHeader, _ engine: Engine) {
        guard let wallet = engine.ledger.wallets[row.coin], let ours = wallet.balance else {
            return
        }
        counts.compare(.wallet)
        let theirs = row.walletBalance
        if isSame(ours, theirs, wallet.flows) {
            agreed(row.coin, ours, theirs, wallet, header, "")
            guard ours != theirs else { return }
            add(
                AuditFinding(
                    kind: .wallet,
                    subject: row.coin,
                    field: SelfAudit.field,
                    ours: ours.description,
                    theirs: theirs.description,
                    records: records(header, movedWallets[row.coin]),
                    time: header.time,
                    explanation: .rounding,
                    note: "\(wallet.flows) flows"
                )
            )
            return
        }
        begin(
            AuditFinding(
                kind: .wallet,
                subject: row.coin,
                field: SelfAudit.field,
                ours: ours.description,
                theirs: theirs.description,
                records: records(header, movedWallets[row.coin]),
                time: header.time,
                explanation: .pending,
                note: "a flow is owed: an execution, or a row of the transaction log"
            )
        )
    }

    /// What is open of wallets, after executions or rows of the log.
    mutating func compareWallets(_ event: Event, _ header: RecordHeader, _ engine: Engine) {
        for place in engine.ledger.wallets.keys.indices {
            let coin = engine.ledger.wallets.keys[place]
            let wallet = engine.ledger.wallets.values[place]
            guard open.index(of: OpenKey(.wallet, coin, SelfAudit.field)) != nil,
                let told = wallet.told, let ours = wallet.balance,
                isSame(ours, told, wallet.flows)
            else { continue }
            let rows = event.transactions.filter {
                $0.coin == coin && FlowKind(transaction: $0) != nil
            }
            agreed(
                coin,
                ours,
                told,
                wallet,
                header,
                rows.prefix(4).map { "\($0.type) \($0.id)" }.joined(separator: ", ")
            )
        }
    }

    /// To 10⁻⁸ a flow.
    private func isSame(_ ours: Amount, _ theirs: Amount, _ flows: Int64) -> Bool {
        guard let distance = ours.distance(to: theirs) else { return false }
        return distance.units <= Ledger.rounding.units * Int128(max(0, flows))
    }

    private mutating func agreed(
        _ coin: String,
        _ ours: Amount,
        _ theirs: Amount,
        _ wallet: Ledger.Wallet,
        _ header: RecordHeader,
        _ note: String
    ) {
        agree(OpenKey(.wallet, coin, SelfAudit.field), by: header.sequence, note)
        let residual = Amount(units: theirs.units - ours.units)
        let place = identities.index(of: coin, orInsert: Identity())
        identities.values[place].residual = residual
        if residual.units.magnitude > identities.values[place].largest.units.magnitude {
            identities.values[place].largest = residual
        }
        // Rounding to the nearest wanders by the root of the count; what is farther out gathers.
        let bound = Ledger.rounding.units * (1 + 2 * SelfAudit.root(Int128(wallet.flows)))
        if identities.values[place].line == nil, Int128(residual.units.magnitude) > bound {
            identities.values[place].line = header.sequence
        }
    }

    /// The whole square root.
    private static func root(_ number: Int128) -> Int128 {
        var root: Int128 = 0
        while (root + 1) * (root + 1) <= number { root += 1 }
        return root
    }

    /// A difference that was there when the session ended, or that nothing has explained: the line where it began.
    mutating func markLines() {
        for finding in open.values where finding.kind == .wallet {
            let place = identities.index(of: finding.subject, orInsert: Identity())
            if identities.values[place].line == nil {
                identities.values[place].line = finding.records.first
            }
        }
    }
}
