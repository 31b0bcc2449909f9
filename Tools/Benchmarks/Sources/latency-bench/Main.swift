import Commands

/// The whole command line, with one strategy more: what the latency benchmark trades with.
@main
enum LatencyBench {
    static func main() { TapedeckMain.run(strategies: [Probe.self]) }
}
