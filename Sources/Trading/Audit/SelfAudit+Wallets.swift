import Market

extension SelfAudit {
    private static let field = "walletBalance"

    /// What a wallet's finding is called that is within 10⁻⁸ a flow, and yet more than rounding to the nearest comes to.
    static let rest = "rest of walletBalance"

    mutating func compare(_ row: WalletUpdate, _ header: RecordHeader, _ engine: Engine) {
        guard let wallet = engine.ledger.wallets[row.coin], let ours = wallet.balance else {
            return
        }
        counts.compare(.wallet)
        let theirs = row.walletBalance
        guard isSame(ours, theirs, wallet.flows) else {
            return begin(
                finding(
                    row.coin,
                    SelfAudit.field,
                    ours,
                    theirs,
                    header,
                    .pending,
                    "a flow is owed: an execution, or a row of the transaction log"
                )
            )
        }
        guard agreed(row.coin, ours, theirs, wallet, header, ""), ours != theirs else { return }
        add(
            finding(
                row.coin,
                SelfAudit.field,
                ours,
                theirs,
                header,
                .rounding,
                "\(wallet.flows) flows"
            )
        )
    }

    private func finding(
        _ coin: String,
        _ field: String,
        _ ours: Amount,
        _ theirs: Amount,
        _ header: RecordHeader,
        _ explanation: AuditFinding.Explanation,
        _ note: String
    ) -> AuditFinding {
        AuditFinding(
            kind: .wallet,
            subject: coin,
            field: field,
            ours: ours.description,
            theirs: theirs.description,
            records: records(header, movedWallets[coin]),
            time: header.time,
            explanation: explanation,
            note: note
        )
    }

    /// What is open of wallets, after executions or rows of the log.
    mutating func compareWallets(_ event: Event, _ header: RecordHeader, _ engine: Engine) {
        for place in engine.ledger.wallets.keys.indices {
            let coin = engine.ledger.wallets.keys[place]
            let wallet = engine.ledger.wallets.values[place]
            guard isOpen(coin), let told = wallet.told, let ours = wallet.balance,
                isSame(ours, told, wallet.flows)
            else { continue }
            let rows = event.transactions.filter {
                $0.coin == coin && FlowKind(transaction: $0) != nil
            }
            _ = agreed(
                coin,
                ours,
                told,
                wallet,
                header,
                rows.prefix(4).map { "\($0.type) \($0.id)" }.joined(separator: ", ")
            )
        }
    }

    private func isOpen(_ coin: String) -> Bool {
        [SelfAudit.field, SelfAudit.rest].contains {
            open.index(of: OpenKey(.wallet, coin, $0)) != nil
        }
    }

    /// To 10⁻⁸ a flow.
    private func isSame(_ ours: Amount, _ theirs: Amount, _ flows: Int64) -> Bool {
        guard let distance = ours.distance(to: theirs) else { return false }
        return distance.units <= Ledger.rounding.units * Int128(max(0, flows))
    }

    /// A wallet that is the same to 10⁻⁸ a flow.
    ///
    /// - Returns: false while the rest may be a flow that is owed: it is more than rounding to the nearest comes to, and the
    ///   transaction log has not been asked since.
    private mutating func agreed(
        _ coin: String,
        _ ours: Amount,
        _ theirs: Amount,
        _ wallet: Ledger.Wallet,
        _ header: RecordHeader,
        _ note: String
    ) -> Bool {
        agree(OpenKey(.wallet, coin, SelfAudit.field), by: header.sequence, note)
        let residual = Amount(units: theirs.units - ours.units)
        let place = identities.index(of: coin, orInsert: Identity())
        identities.values[place].residual = residual
        // Rounding to the nearest wanders by the root of the count; what is farther out gathers, or is a small flow.
        let bound = Ledger.rounding.units * (1 + 2 * SelfAudit.root(Int128(wallet.flows)))
        let isNear = Int128(residual.units.magnitude) <= bound
        if !isNear, identities.values[place].line == nil {
            guard isGathering(coin, place, residual, header) else {
                begin(
                    finding(
                        coin,
                        SelfAudit.rest,
                        ours,
                        theirs,
                        header,
                        .pending,
                        "more than the rounding of \(wallet.flows) flows comes to: a small flow may be owed"
                    )
                )
                return false
            }
            close(
                OpenKey(.wallet, coin, SelfAudit.rest),
                .rounding,
                by: header.sequence,
                "rounding gathers"
            )
        } else {
            identities.values[place].rest = nil
            agree(OpenKey(.wallet, coin, SelfAudit.rest), by: header.sequence, note)
        }
        if residual.units.magnitude > identities.values[place].largest.units.magnitude {
            identities.values[place].largest = residual
        }
        return true
    }

    /// True, and the line is drawn where it began, once the transaction log was asked after the rest had become what it is
    /// and brought no flow for it.
    private mutating func isGathering(
        _ coin: String,
        _ place: Int,
        _ residual: Amount,
        _ header: RecordHeader
    ) -> Bool {
        guard var rest = identities.values[place].rest else {
            identities.values[place].rest = Rest(
                amount: residual,
                began: header.sequence,
                changed: header.sequence
            )
            return false
        }
        if rest.amount != residual {
            rest.amount = residual
            rest.changed = header.sequence
        }
        identities.values[place].rest = rest
        guard logAsked != .none, logAsked >= rest.changed else { return false }
        identities.values[place].line = rest.began
        identities.values[place].rest = nil
        return true
    }

    /// The whole square root.
    private static func root(_ number: Int128) -> Int128 {
        var root: Int128 = 0
        while (root + 1) * (root + 1) <= number { root += 1 }
        return root
    }

    /// A difference that was there when the session ended, or that nothing has explained: the line where it began.
    mutating func markLines() {
        for finding in open.values
        where finding.kind == .wallet && finding.field != SelfAudit.borrowed {
            let place = identities.index(of: finding.subject, orInsert: Identity())
            if let began = finding.records.first,
                began < identities.values[place].line ?? SequenceNumber(.max)
            {
                identities.values[place].line = began
            }
            guard finding.field == SelfAudit.rest, let rest = identities.values[place].rest,
                logAsked != .none, logAsked >= rest.changed,
                let open = open.index(of: OpenKey(.wallet, finding.subject, SelfAudit.rest))
            else { continue }
            explain(open, .rounding, "rounding gathers")
        }
    }
}
