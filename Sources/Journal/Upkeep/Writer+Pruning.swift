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
            do throws(JournalError) {
                try pruner.carryOut(plan, directory)
            } catch {
                // What did go before the error is planned for no more.
                try forgetFirst(earlier.prefix(gone).count { isGone($0.name) })
                throw error
            }
            try forgetFirst(gone)
            options.onPrune(.success(plan))
        } catch {
            options.onPrune(.failure(error))
        }
    }

    /// The first segments are deleted.
    private func forgetFirst(_ count: Int) throws(JournalError) {
        guard count > 0 else { return }
        earlier.removeFirst(count)
        begins = earlier.first?.first ?? segment.head.first
        // Of the open segment, which has no record yet, the first one tells.
        started = 0
        if let name = earlier.first?.name {
            let first = try SegmentFile(name, in: directory)
            started = try SegmentList.firstTime(first, first.window.size) ?? 0
        }
    }

    /// What cannot be looked for stays planned for.
    private func isGone(_ name: String) -> Bool {
        do throws(JournalError) {
            guard let file = try directory.openIfThere(name) else { return true }
            directory.files.close(file)
        } catch {
            return false
        }
        return false
    }
}
