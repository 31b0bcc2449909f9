import Market

/// The session file's `disk:` rule, applied at each roll.
extension Writer {
    /// Deletes the segments that the rule names; an error is told, and leaves what is there for the next roll.
    func pruneByRule() {
        var rule = options.disk
        if let allowed = options.allowance?.bytes, allowed < rule.maxSize ?? .max {
            rule.maxSize = allowed
        }
        guard !rule.isEmpty else { return }
        var pruner = Pruner()
        pruner.who = "tapedeck, recording"
        pruner.key = options.signingKey
        do throws(JournalError) {
            let plan = try pruner.plan(
                manifest(.open).segments,
                rule,
                Timestamp(nanoseconds: Int64(bitPattern: lastTime)),
                segment.head.id,
                directory
            )
            let gone = plan.unfinished.count + plan.going.count
            guard gone > 0 else { return }
            try pruner.carryOut(plan, directory)
            earlier.removeFirst(gone)
            begins = earlier.first?.first ?? segment.head.first
            // Of the open segment, which has no record yet, the first one tells.
            started = 0
            if let name = earlier.first?.name {
                let first = try SegmentFile(name, in: directory)
                started = try SegmentList.firstTime(first, first.window.size) ?? 0
            }
            options.onPrune(.success(plan))
        } catch {
            options.onPrune(.failure(error))
        }
    }
}
