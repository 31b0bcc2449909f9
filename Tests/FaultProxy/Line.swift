import NIOCore

/// One connection of a client and the one to the server that belongs to it.
///
/// When the client's side ends, the server is told so in order, and what it still sends is read to its end: so that of
/// each frame it is known whether it was handed on.
final class Line {
    let number: Int
    private(set) var path = ""
    var received: [PassedFrame] = []
    private(set) var forwarded: [PassedFrame] = []
    var end: Fault?

    let hub: Hub
    let script: FaultPlan.Script
    private(set) var client: (any Channel)?
    private var server: (any Channel)?
    let toClient: Conveyor
    let toServer: Conveyor
    private var request: [UInt8] = []
    private var splitter: FrameSplitter?
    private var replies = ReplyRewriting()
    var isInBytes = false
    /// Nothing goes to the client any more.
    var isMute = false
    /// What the client says is read and forgotten.
    var isDeaf = false
    var dataFrames = 0
    /// Held back to come behind the next frame.
    var held: (frame: FrameSplitter.Frame, number: Int)?
    var firstData: NIODeadline?

    init(number: Int, client: any Channel, hub: Hub) {
        self.number = number
        self.client = client
        self.hub = hub
        script = hub.plan.script(number)
        toClient = Conveyor(loop: hub.loop)
        toServer = Conveyor(loop: hub.loop)
    }

    var report: ConnectionReport {
        ConnectionReport(
            number: number,
            path: path,
            received: received,
            forwarded: forwarded,
            end: end,
            isOpen: client != nil
        )
    }

    func handler(_ side: Side) -> SideHandler { SideHandler(side, self) }

    // MARK: - Life

    func connected(_ server: any Channel) {
        guard client != nil else {
            server.close(promise: nil)
            return
        }
        self.server = server
        setReading(true)
    }

    /// The server is not there.
    func refused() { client?.close(promise: nil) }

    func ended(_ side: Side) {
        switch side {
        case .client:
            client = nil
            toClient.clear()
            // Whatever the client has said before its end still goes to the server.
            if !isDeaf { toServer.put(0) { [weak self] in self?.finishServer() } }
        case .server:
            server = nil
            toServer.clear()
            guard !isMute else { return }
            toClient.put(0) { [weak self] in self?.client?.close(promise: nil) }
        }
    }

    /// A farewell to the server, which then ends its side; until then it is read.
    func finishServer() { server?.close(mode: .output, promise: nil) }

    func setReading(_ isOn: Bool) {
        for channel in [client, server].compactMap({ $0 }) {
            _ = channel.setOption(.autoRead, value: isOn)
        }
    }

    // MARK: - Bytes

    func read(_ side: Side, _ bytes: [UInt8]) {
        switch side {
        case .client: fromClient(bytes)
        case .server: fromServer(bytes)
        }
    }

    private func fromClient(_ bytes: [UInt8]) {
        guard !isDeaf else { return }
        if splitter == nil { judge(bytes) }
        if hub.rewriter != nil { replies.request(bytes) }
        toServer.put(bytes.count) { [weak self] in
            guard let server = self?.server else { return }
            server.writeAndFlush(server.allocator.buffer(bytes: bytes), promise: nil)
        }
    }

    /// By the request's head it is decided what the connection is.
    private func judge(_ bytes: [UInt8]) {
        request += bytes
        let isRequest = request.starts(with: Array("GET ".utf8).prefix(request.count))
        let end = request.firstRange(of: Array("\r\n\r\n".utf8))
        guard !isRequest || end != nil || request.count > 8_192 else { return }
        let head = String(decoding: request.prefix(end?.lowerBound ?? 0), as: UTF8.self)
        let isWebSocket = head.lowercased().contains("upgrade: websocket")
        splitter = FrameSplitter(isWebSocket: isWebSocket)
        request = []
        guard isWebSocket, let words = head.split(separator: "\r\n").first?.split(separator: " ")
        else { return }
        path = String(words[1].prefix { $0 != "?" })
        begin()
    }

    /// What the plan has for a WebSocket.
    private func begin() {
        if script.isUnborn {
            hub.note(.unborn, number)
            return cut(.unborn)
        }
        if script.latency > 0 { slow(script.latency) }
        if let rate = script.bytesPerSecond { narrow(rate) }
        if script.isInBytes { singleBytes() }
    }

    private func fromServer(_ bytes: [UInt8]) {
        for piece in splitter?.add(bytes) ?? [.raw(bytes)] {
            switch piece {
            case .raw(let bytes):
                guard let rewriter = hub.rewriter, path.isEmpty else {
                    hand(bytes)
                    continue
                }
                let changed = replies.answer(bytes, rewriter)
                if !changed.isEmpty { hand(changed) }
            case .frame(let frame):
                guard let rewriter = hub.rewriter, frame.isText else {
                    take(frame)
                    continue
                }
                take(frame.with(rewriter.frame(path, frame.payload)))
            }
        }
    }

    /// Towards the client, at its time.
    func hand(_ bytes: [UInt8], _ passed: PassedFrame? = nil) {
        guard !isMute else { return }
        toClient.put(bytes.count) { [weak self] in self?.write(bytes, passed) }
    }

    func write(_ bytes: [UInt8], _ passed: PassedFrame?) {
        guard let client, !isMute else { return }
        var last = bytes[...]
        if isInBytes {
            for byte in bytes.dropLast() {
                client.writeAndFlush(client.allocator.buffer(bytes: [byte]), promise: nil)
            }
            last = bytes.suffix(1)
        }
        let buffer = client.allocator.buffer(bytes: last)
        client.writeAndFlush(buffer).assumeIsolated().whenSuccess { [weak self] in
            if let passed { self?.forwarded.append(passed) }
        }
    }
}
