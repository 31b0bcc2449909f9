import JSON
public import Journal
import Market
import Trading

/// Two recordings against each other.
extension Bisect {
    /// A recording against another of the same market, such as one that another program made of it.
    ///
    /// Rolling hashes of both are compared in halves; of what lies between the last that is equal and the first that is
    /// not, each record is compared.
    public func run(
        _ left: Recording,
        _ right: Recording
    ) throws(ReplayError) -> BisectResult {
        var result = BisectResult()
        result.total = left.first == .none ? 0 : left.last.value - left.first.value + 1
        let from = try lastEqual(left, right, &result)
        guard let pair = try firstPair(from: from, left, right, &result) else { return result }
        result.divergence = pair.divergence
        result.isInput = pair.isInput
        result.frames = try Bisect.frames(around: pair.divergence.cause, in: left)
        if let cause = result.frames.first(where: { $0.isCause }) {
            result.divergence?.event = cause.payload
        }
        do throws(ReplayError) {
            try compareStates(left, right, behind: pair.divergence.cause, &result)
        } catch {
            result.notes.append("states are not compared: \(error)")
        }
        return result
    }

    /// The number behind the last report of the state that is the same in both.
    private func lastEqual(
        _ left: Recording,
        _ right: Recording,
        _ result: inout BisectResult
    ) throws(ReplayError) -> SequenceNumber {
        let first = max(left.first, right.first)
        var low = first.value / Engine.stateInterval
        var high = min(left.last, right.last).value / Engine.stateInterval + 1
        var equal = first
        let parser = JSONParser()
        while low < high {
            let middle = (low + high) / 2
            let place = SequenceNumber(max(first.value, middle * Engine.stateInterval))
            result.probes += 1
            let ours = try report(left, at: place, parser, &result)
            let theirs = try report(right, at: place, parser, &result)
            if let ours, let theirs, ours == theirs {
                equal = max(equal, ours.sequence)
                low = middle + 1
            } else {
                high = middle
            }
        }
        return equal
    }

    private struct Report: Equatable {
        var sequence: SequenceNumber
        var rollingHash: String
    }

    private func report(
        _ recording: Recording,
        at place: SequenceNumber,
        _ parser: JSONParser,
        _ result: inout BisectResult
    ) throws(ReplayError) -> Report? {
        let cursor: Cursor
        do throws(JournalError) {
            cursor = try recording.cursor(
                from: .sequence(place),
                streams: { $0.kind == .state }
            )
        } catch {
            throw .journal(error)
        }
        guard let record = try Replay.next(cursor) else { return nil }
        result.records += 1
        return StateComparison.rollingHash(record.payload, parser).map {
            Report(sequence: record.sequence, rollingHash: $0)
        }
    }

    private struct Pair {
        var divergence: Divergence
        var isInput: Bool
    }

    /// The first records that are not the same, evidence left out.
    private func firstPair(
        from: SequenceNumber,
        _ left: Recording,
        _ right: Recording,
        _ result: inout BisectResult
    ) throws(ReplayError) -> Pair? {
        let ours = try Replay.cursor(of: left, from: .sequence(from))
        let theirs = try Replay.cursor(of: right, from: .sequence(from))
        var cause = RecordHeader(sequence: .none, time: .zero, stream: StreamName(""))
        while true {
            let one = try Bisect.nextCompared(ours)
            let two = try Bisect.nextCompared(theirs)
            result.records += 2
            guard one != nil || two != nil else { return nil }
            let name = one.map { ours.name(of: $0.stream) }
            let other = two.map { theirs.name(of: $0.stream) }
            if let one, let name, !name.kind.isOutput {
                cause = RecordHeader(sequence: one.sequence, time: one.time, stream: name)
            }
            if let one, let two, name?.text == other?.text,
                one.payload.elementsEqual(two.payload)
            {
                continue
            }
            let place = one?.sequence ?? two?.sequence ?? .none
            let divergence = Divergence(
                sequence: place,
                time: one?.time ?? two?.time ?? .zero,
                cause: cause,
                recorded: one.map { (name?.text ?? "", Array($0.payload)) },
                replayed: two.map { (other?.text ?? "", Array($0.payload)) },
                parser: JSONParser()
            )
            let isOutput = name?.kind.isOutput == true || other?.kind.isOutput == true
            return Pair(divergence: divergence, isInput: !isOutput)
        }
    }

    private static func nextCompared(_ cursor: Cursor) throws(ReplayError) -> Record? {
        while let record = try Replay.next(cursor) {
            if !cursor.name(of: record.stream).kind.isEvidence { return record }
        }
        return nil
    }

    /// Today's code behind the same input of both.
    private func compareStates(
        _ left: Recording,
        _ right: Recording,
        behind cause: SequenceNumber,
        _ result: inout BisectResult
    ) throws(ReplayError) {
        guard let ours = try engine(left, behind: cause, &result),
            let theirs = try engine(right, behind: cause, &result)
        else { return }
        result.state = BisectResult.StateDifference(
            behind: cause,
            fields: Replay.differences(ours, theirs)
        )
    }

    /// The state behind an input, from the nearest place before it; outputs are not compared.
    private func engine(
        _ recording: Recording,
        behind cause: SequenceNumber,
        _ result: inout BisectResult
    ) throws(ReplayError) -> Engine? {
        let starts = try BisectStart.all(recording, registry: registry)
        guard let start = starts.last(where: { $0.first <= cause }) else { return nil }
        var session = try start.session(
            recording,
            registry: registry,
            strictness: ReplayStrictness()
        )
        session.isLenient = true
        let cursor = try Replay.cursor(of: recording, from: .sequence(start.first))
        while let record = try Replay.next(cursor), record.sequence <= cause {
            session.meet(record, cursor)
            _ = try session.take(record)
        }
        result.records += session.counts.records
        return session.stepper?.engine
    }
}
