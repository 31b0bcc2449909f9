import Market

/// What the executions of each order add up to: the other half of the comparison with the order's own rows.
///
/// Kept for orders that are not closed, and for closed ones until their rows agree or newer ones take their place.
struct OrderSums: Sendable {
    /// Orders that are remembered.
    static let kept = 16_384

    struct Sum: Sendable {
        var quantity = Amount.zero
        var value = Amount.zero
        var fee = Amount.zero
        var fills: Int128 = 0
        /// None of it was missed: it can be compared.
        var isWhole = true
        /// All of it was paid in the coin of the value, so that it has one figure.
        var isFeeInOneCoin = true
        var record = SequenceNumber.none
        /// What the order's rows say of the same; the most that one of them has said.
        var told: (quantity: Amount, value: Amount, fee: Amount)?
    }

    /// For look-up only; never walked.
    private var sums: [String: Sum] = [:]
    /// In the order in which they became known; a ring once it is full.
    private var order: [String] = []
    private var next = 0

    subscript(orderID: String) -> Sum? { sums[orderID] }

    mutating func add(_ booking: ExecutionBooking, record: SequenceNumber) {
        let report = booking.report
        guard report.type.isFill, !report.orderID.isEmpty else { return }
        var sum = sums[report.orderID] ?? begin(report.orderID)
        do throws(NumberError) {
            sum.quantity = try sum.quantity.adding(Amount(exactly: report.quantity))
            sum.value = try sum.value.adding(report.value)
            sum.fee = try sum.fee.adding(report.fee)
        } catch {
            sum.isWhole = false
        }
        if !report.feeCoin.isEmpty, report.feeCoin != booking.coin { sum.isFeeInOneCoin = false }
        sum.fills += 1
        sum.record = record
        sums[report.orderID] = sum
    }

    mutating func tell(_ row: OrderUpdate) {
        let quantity = Amount(exactly: row.filledQuantity)
        guard !quantity.isZero, !row.orderID.isEmpty else { return }
        var sum = sums[row.orderID] ?? begin(row.orderID)
        if let told = sum.told, told.quantity > quantity { return }
        sum.told = (quantity, row.filledValue, row.filledFee)
        sums[row.orderID] = sum
    }

    private mutating func begin(_ orderID: String) -> Sum {
        if order.count < OrderSums.kept {
            order.append(orderID)
        } else {
            sums[order[next]] = nil
            order[next] = orderID
            next = (next + 1) % OrderSums.kept
        }
        return Sum()
    }
}
