/// How long a request takes to the exchange, and what the exchange says takes back.
///
/// In nanoseconds, each ≥ 0.
public enum LatencyModel: Hashable, Sendable {
    case constant(entry: Int64, response: Int64)
    /// Measured on a session's own acknowledgements, by rising ``Sample/time``; between two of them linear, outside the
    /// nearest one's.
    case recorded([Sample])

    public struct Sample: Hashable, Sendable {
        /// When the request was decided on, Unix nanoseconds.
        public var time: Int64
        public var entry: Int64
        public var response: Int64

        public init(time: Int64, entry: Int64, response: Int64) {
            self.time = time
            self.entry = entry
            self.response = response
        }
    }

    public func at(_ time: Int64) -> (entry: Int64, response: Int64) {
        switch self {
        case .constant(let entry, let response): return (entry, response)
        case .recorded(let samples):
            guard let first = samples.first, let last = samples.last else { return (0, 0) }
            if time <= first.time { return (first.entry, first.response) }
            if time >= last.time { return (last.entry, last.response) }
            var low = 0
            var high = samples.count - 1
            while high - low > 1 {
                let middle = (low + high) / 2
                if samples[middle].time <= time { low = middle } else { high = middle }
            }
            let (before, after) = (samples[low], samples[high])
            let part = Int128(time - before.time)
            let whole = Int128(max(1, after.time - before.time))
            func between(_ left: Int64, _ right: Int64) -> Int64 {
                left + Int64(Int128(right - left) * part / whole)
            }
            return (
                between(before.entry, after.entry), between(before.response, after.response)
            )
        }
    }

    /// All of it `factor` times as long; ends at the range's end.
    public func multiplied(by factor: Int64) -> LatencyModel {
        func times(_ value: Int64) -> Int64 {
            let (product, overflow) = value.multipliedReportingOverflow(by: factor)
            return overflow ? .max / 4 : min(product, .max / 4)
        }
        switch self {
        case .constant(let entry, let response):
            return .constant(entry: times(entry), response: times(response))
        case .recorded(let samples):
            return .recorded(
                samples.map {
                    Sample(time: $0.time, entry: times($0.entry), response: times($0.response))
                }
            )
        }
    }

    /// The middle one of each leg's samples as a constant; the model itself where it has none.
    public var median: LatencyModel {
        guard case .recorded(let samples) = self, !samples.isEmpty else { return self }
        let entries = samples.map(\.entry).sorted()
        let responses = samples.map(\.response).sorted()
        return .constant(
            entry: entries[entries.count / 2],
            response: responses[responses.count / 2]
        )
    }
}
