import Market

/// The session file's `disk:` rule, applied at each roll.
extension Writer {
    /// Deletes the segments that the rule names; an error is told, and leaves what is there for the next roll.
    func pruneByRule() {
        guard !options.disk.isEmpty else { return }
        var pruner = Pruner()
        pruner.who = "tapedeck, recording"
        pruner.key = options.signingKey
        do throws(JournalError) {
            let plan = try pruner.plan(
                manifest(.open).segments,
                options.disk,
                Timestamp(nanoseconds: Int64(bitPattern: lastTime)),
                segment.head.id,
                directory
            )
            let gone = plan.unfinished.count + plan.going.count
            guard gone > 0 else { return }
            try pruner.carryOut(plan, directory)
            earlier.removeFirst(gone)
            if let name = earlier.first?.name {
                let reader = MessageReader(try SegmentFile(name, in: directory), limit: .max)
                if try reader.nextChunk() { started = reader.chunk.startTime }
            }
            options.onPrune(.success(plan))
        } catch {
            options.onPrune(.failure(error))
        }
    }
}
