import Trading

extension Scenario.Script {
    var settings: [Setting] {
        [
            Setting("buy", isBuy ? "true" : "false"), Setting("ticks", "\(ticks)"),
            Setting("thousandths", "\(thousandths)"), Setting("time_in_force", timeInForce),
            Setting("amend_after", "\(amendAfter)"), Setting("amend_ticks", "\(amendTicks)"),
            Setting("amend_thousandths", "\(amendThousandths)"),
            Setting("cancel_after", "\(cancelAfter)"),
        ]
    }
}
