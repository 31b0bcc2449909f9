import Market
import Simulation
import Trading

extension SimulatedRun {
    private static let blockedTold = 1_000

    func note(_ request: OrderRequest, _ strategy: String, isSimulated: Bool) {
        guard lines[request.orderLinkID] == nil else { return }
        lines[request.orderLinkID] = result.orders.count
        result.orders.append(
            SimulationResult.OrderLine(
                orderLinkID: request.orderLinkID,
                strategy: strategy,
                instrument: request.instrument,
                side: request.side,
                price: request.price,
                quantity: request.quantity,
                record: record,
                time: Timestamp(nanoseconds: now),
                isSimulated: isSimulated
            )
        )
    }

    func note(_ verdict: Verdict) {
        guard !verdict.isAllowed else { return }
        result.blockedCount += 1
        guard result.blocked.count < SimulatedRun.blockedTold else { return }
        result.blocked.append(
            SimulationResult.Blocked(
                strategy: verdict.strategy,
                instrument: verdict.instrument,
                intent: verdict.intent,
                limits: verdict.checks.filter { !$0.holds }.map(\.limit),
                record: record,
                time: Timestamp(nanoseconds: now)
            )
        )
    }

    func note(_ row: ExecutionReport) {
        guard counted.insert("\(row.instrument) \(row.executionID)").inserted else { return }
        executions.append(row)
        guard row.type.isFill else { return }
        result.fills += 1
        if row.isMaker { result.makerFills += 1 }
        result.turnover = (try? result.turnover.adding(row.value)) ?? result.turnover
        guard let place = lines[row.orderLinkID], let quantity = try? Amount(row.quantity) else {
            return
        }
        var line = result.orders[place]
        line.fills += 1
        line.filled = (try? line.filled.adding(quantity)) ?? line.filled
        line.value = (try? line.value.adding(row.value)) ?? line.value
        line.fee = (try? line.fee.adding(row.fee)) ?? line.fee
        result.orders[place] = line
    }

    func finish() throws(SimulatedError) -> SimulationResult {
        for id in plan.without where !leftOut.contains(id) { throw .noOrder(id) }
        venue.finish(trades: survey.hasTrades)
        result.attribution = venue.attribution
        result.records = reader.records
        result.last = reader.last
        guard let engine else { throw .replay(.noStart(reader.last)) }
        result.digest = engine.stateReport().combinedHash
        for (id, account) in zip(engine.ledger.accounts.keys, engine.ledger.accounts.values) {
            add(id, account, engine)
        }
        for place in result.earned.indices {
            let earned = result.earned[place]
            result.earned[place].net = try? earned.realised.adding(earned.unrealised)
                .subtracting(earned.fees).subtracting(earned.funding)
        }
        let other = survey.depths.keys.filter { !venue.simulates($0) }
        if !other.isEmpty {
            result.notes.append(
                "not simulated, for lack of a book in sight or an instrument row: "
                    + other.map(\.description).joined(separator: ", ")
            )
        }
        return result
    }

    private func add(_ id: InstrumentID, _ account: Ledger.Account, _ engine: Engine) {
        let coin = account.settleCoin
        let place =
            result.earned.firstIndex { $0.coin == coin }
            ?? {
                result.earned.append(SimulationResult.Earned(coin: coin))
                return result.earned.count - 1
            }()
        let position = account.net
        var earned = result.earned[place]
        do throws(NumberError) {
            earned.realised = try earned.realised.adding(position.realised)
            earned.fees = try earned.fees.adding(position.fees)
            earned.funding = try earned.funding.adding(position.funding)
            if !account.isFlat, let price = engine.reference(id) {
                earned.unrealised = try earned.unrealised.adding(account.unrealised(at: price))
            }
        } catch {
            result.notes.append("\(id): \(error)")
        }
        result.earned[place] = earned
    }
}
