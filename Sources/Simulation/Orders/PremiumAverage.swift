/// The mean of the last samples of the mid price less its reference price.
struct PremiumAverage: Sendable {
    private let most: Int
    private var samples: [Int64] = []
    private var next = 0
    private var sum: Int64 = 0

    init(count: Int) { most = count }

    var mean: Int64 { samples.isEmpty ? 0 : sum / Int64(samples.count) }

    mutating func add(_ sample: Int64) {
        if samples.count < most {
            samples.append(sample)
        } else {
            sum -= samples[next]
            samples[next] = sample
            next = (next + 1) % most
        }
        sum += sample
    }
}
