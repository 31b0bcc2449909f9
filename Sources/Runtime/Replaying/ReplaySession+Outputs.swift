import JSON
import Journal
import Market
import Trading

/// Recorded outputs against those that were said again.
extension ReplaySession {
    mutating func compare(_ record: Record, _ name: StreamName) -> Divergence? {
        switch name.kind {
        case .command: counts.commands.recorded += 1
        case .verdict: counts.verdicts.recorded += 1
        case .finding:
            counts.findings.recorded += 1
            note(findings.takeFirst(), record, name)
            return nil
        default:
            counts.states.recorded += 1
            return compareState(states.takeFirst(), record, name)
        }
        let place = judged.takeFirst()
        guard let place, isEqual(place, record, name) else {
            return divergence(
                at: record.sequence,
                record.time,
                recorded: recorded(record, name),
                replayed: place.map { said($0) }
            )
        }
        if name.kind == .command {
            counts.commands.equal += 1
        } else {
            counts.verdicts.equal += 1
        }
        return nil
    }

    /// Commands agree byte for byte, verdicts in what they decide.
    private func isEqual(_ place: Int, _ record: Record, _ name: StreamName) -> Bool {
        guard outputs.elements[place].stream == name.text else { return false }
        if hasSameBytes(place, record) { return true }
        guard name.kind == .verdict, !strictness.verdicts,
            let ours = VerdictOutcome(outputs.payload(place), parser)
        else { return false }
        return ours == VerdictOutcome(Array(record.payload), parser)
    }

    private func hasSameBytes(_ place: Int, _ record: Record) -> Bool {
        outputs.withPayload(place) { $0.elementsEqual(record.payload) }
    }

    private func recorded(_ record: Record, _ name: StreamName) -> Said {
        Said(stream: name.text, bytes: Array(record.payload))
    }

    /// Findings do not decide; the first difference is kept for the report.
    private mutating func note(_ place: Int?, _ record: Record, _ name: StreamName) {
        if let place, hasSameBytes(place, record) {
            counts.findings.equal += 1
        } else if comparesFindings, counts.firstFindingDifference == nil {
            counts.firstFindingDifference = divergence(
                at: record.sequence,
                record.time,
                recorded: recorded(record, name),
                replayed: place.map { said($0) }
            )
        }
    }

    // MARK: - State

    private mutating func compareState(
        _ place: Int?,
        _ record: Record,
        _ name: StreamName
    ) -> Divergence? {
        if let place, hasSameBytes(place, record) {
            counts.states.equal += 1
            lastState = StateOutcome(
                sequence: record.sequence,
                time: record.time,
                differing: [],
                isRollingEqual: true
            )
            return nil
        }
        var differing = ["report"]
        var isRollingEqual = false
        if let place,
            let comparison = StateComparison(
                recorded: record.payload,
                replayed: outputs.payload(place),
                parser
            )
        {
            differing = comparison.differing
            isRollingEqual = comparison.isRollingEqual
            for component in comparison.uncompared
            where !counts.uncomparedComponents.contains(component) {
                counts.uncomparedComponents.append(component)
            }
            // What differs in the rolling hash alone was said before: a finding, or a verdict's figures.
            if differing.isEmpty, comparison.compared > 0 { counts.states.equal += 1 }
        }
        lastState = StateOutcome(
            sequence: record.sequence,
            time: record.time,
            differing: differing,
            isRollingEqual: isRollingEqual
        )
        for component in differing
        where !counts.stateDifferences.contains(where: { $0.component == component }) {
            counts.stateDifferences.append(
                ReplayResult.ComponentDifference(
                    component: component,
                    sequence: record.sequence,
                    time: record.time
                )
            )
        }
        guard strictness.state, !differing.isEmpty else { return nil }
        return divergence(
            at: record.sequence,
            record.time,
            recorded: recorded(record, name),
            replayed: place.map { said($0) }
        )
    }

    func divergence(
        at sequence: SequenceNumber,
        _ time: Timestamp,
        recorded: Said?,
        replayed: Said?
    ) -> Divergence {
        Divergence(
            sequence: sequence,
            time: time,
            cause: cause,
            recorded: recorded.map { ($0.stream, $0.bytes) },
            replayed: replayed.map { ($0.stream, $0.bytes) },
            parser: parser
        )
    }
}
