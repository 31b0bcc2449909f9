/// What is done to which connection and frame by a seed, unasked.
///
/// All of it follows from the seed, the number of a connection and the number of a frame on it.
public struct FaultPlan: Sendable {
    public var seed: UInt64 = 1

    /// WebSockets that are cut off; those beyond are left alone.
    public var cuts = 0
    /// What cuts them, by weight.
    public var cutBy: [(Fault, weight: Int)] = [
        (.reset, 50), (.close, 20), (.torn, 15), (.corruptFrame, 12), (.serverGone, 2),
        (.clientGone, 1), (.stall, 1),
    ]
    /// Data frames that come before a cut.
    public var framesBeforeCut = 1...40
    /// Milliseconds of a stall that cuts: longer than any client's patience.
    public var longStall = 12_000
    /// Milliseconds from the first data frame to the cut, at the least; of four cuts three come after the longer ones.
    public var shortLife = 0...800
    public var longLife = 3_100...4_500

    /// Of a thousand WebSockets so many are slow, narrow, in single bytes, or broken before they are open.
    public var slow = 0
    public var narrow = 0
    public var inBytes = 0
    public var unborn = 0

    /// Of a thousand data frames so many are dropped, come twice, behind the next, or are no JSON.
    public var drops = 0
    public var duplicates = 0
    public var reorders = 0
    public var corruptions = 0
    /// Only frames of topics that begin so are dropped: no number would tell of others.
    public var droppedTopics = "orderbook."

    public init() {}

    /// What the seed has for one connection.
    struct Script {
        var latency = 0
        var bytesPerSecond: Int?
        var isInBytes = false
        var isUnborn = false
        var cut: Fault?
        var framesBeforeCut = 0
        var life = 0
    }

    func script(_ connection: Int) -> Script {
        var chance = Chance(seed: seed, stream: connection)
        var script = Script()
        script.isUnborn = chance.happens(unborn)
        if chance.happens(slow) { script.latency = chance.number(1...40) }
        if chance.happens(narrow) { script.bytesPerSecond = chance.number(100_000...400_000) }
        script.isInBytes = chance.happens(inBytes)
        script.cut = chance.pick(cutBy)
        script.framesBeforeCut = chance.number(framesBeforeCut)
        script.life = chance.number(chance.number(1...4) == 1 ? shortLife : longLife)
        return script
    }

    /// What is done to a data frame; `nil` for nothing.
    func fault(connection: Int, frame: Int, topic: String) -> Fault? {
        guard drops + duplicates + reorders + corruptions > 0 else { return nil }
        var chance = Chance(seed: ~seed, stream: connection << 32 | frame)
        var place = chance.number(1...1_000)
        for (fault, count) in [
            (Fault.drop, drops), (.duplicate, duplicates), (.reorder, reorders),
            (.corruptText, corruptions),
        ] {
            place -= count
            guard place <= 0 else { continue }
            return fault != .drop || topic.hasPrefix(droppedTopics) ? fault : nil
        }
        return nil
    }
}
