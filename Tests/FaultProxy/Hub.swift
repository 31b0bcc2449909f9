import NIOCore
import NIOPosix

/// All connections of a proxy and what was done to them; it lives on the proxy's loop.
final class Hub {
    let target: Int
    let loop: any EventLoop
    let rewriter: Rewriter?
    var plan: FaultPlan
    private(set) var lines: [Line] = []
    private(set) var log: [FaultEntry] = []
    /// Connections whose client has, or will have, to come again.
    var cuts = 0
    /// Cuts of the plan that are done.
    private var taken = 0

    init(target: Int, plan: FaultPlan, rewriter: Rewriter?, loop: any EventLoop) {
        self.target = target
        self.rewriter = rewriter
        self.plan = plan
        self.loop = loop
    }

    func accept(_ channel: any Channel) throws {
        let line = Line(number: lines.count + 1, client: channel, hub: self)
        lines.append(line)
        try channel.pipeline.syncOperations.addHandler(line.handler(.client))
        let bound = NIOLoopBound(line, eventLoop: loop)
        ClientBootstrap(group: loop)
            .channelOption(.autoRead, value: false)
            .channelInitializer { server in
                server.eventLoop.makeCompletedFuture {
                    let handler = bound.value.handler(.server)
                    try server.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: "127.0.0.1", port: target)
            .whenComplete { result in
                switch result {
                case .success(let server): bound.value.connected(server)
                case .failure: bound.value.refused()
                }
            }
    }

    /// True as long as the plan has cuts left; takes one of them.
    func takesCut() -> Bool {
        guard taken < plan.cuts else { return false }
        taken += 1
        cuts += 1
        return true
    }

    func note(_ fault: Fault, _ connection: Int, frame: Int? = nil, topic: String? = nil) {
        log.append(
            FaultEntry(
                number: log.count + 1,
                connection: connection,
                fault: fault,
                frame: frame,
                topic: topic
            )
        )
    }
}
