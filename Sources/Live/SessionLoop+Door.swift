import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// The operator's door: what is asked there is put on record and carried out here.
extension SessionLoop {
    /// Verbs that this session knows.
    static let doorVerbs = ["status", "reload", "mark", "stop"]

    /// Opens the door in the recording's directory.
    func openDoor(_ host: SessionHost) {
        self.host = host
        let door = DoorServer(directory: recorder.path, loop: loop, logger: logger) {
            [unowned self] in answer($0, $1)
        }
        self.door = door
        door.open()
    }

    private func answer(_ request: DoorRequest, _ reply: @escaping (DoorAnswer) -> Void) {
        do throws(RequestRefusal) {
            switch request.verb {
            case "status": reply(try status(request))
            case "mark": try mark(request, reply)
            case "reload":
                try request.checkArguments([])
                let order = ReloadOrder(uid: request.uid, reason: request.reason)
                reload(order) { outcome in
                    switch outcome {
                    case .success(let report): reply(.done { report.write(into: &$0) })
                    case .failure(let refusal): reply(.refused(refusal))
                    }
                }
            case "stop":
                try request.checkArguments([])
                try stop(request, reply)
            default: throw .usage("there is no verb \(request.verb.prefix(64))")
            }
        } catch {
            reply(.refused(error))
        }
    }

    private func status(_ request: DoorRequest) throws(RequestRefusal) -> DoorAnswer {
        try request.checkArguments(["lines"])
        let status = status()
        let wantsLines = request["lines"] != nil
        return .done {
            status.write(into: &$0)
            guard wantsLines else { return }
            $0.field("lines", array: { json in for line in status.lines { json.value(line) } })
        }
    }

    /// A note at this record; it is done when its record is *written*.
    private func mark(
        _ request: DoorRequest,
        _ reply: @escaping (DoorAnswer) -> Void
    ) throws(RequestRefusal) {
        try request.checkArguments([OperatorRequest.text])
        guard let text = request[OperatorRequest.text], !text.isEmpty else {
            throw .usage("mark needs a text")
        }
        let sequence = try enter(
            "mark",
            reason: request.reason,
            uid: request.uid,
            arguments: [.init(OperatorRequest.text, text)]
        )
        let bound = NIOLoopBound(reply, eventLoop: loop)
        let loop = loop
        recorder.whenWritten(sequence) { isKept in
            loop.execute {
                bound.value(
                    isKept
                        ? .done { $0.field("sequence", sequence) }
                        : .refused(SessionLoop.journalFailed)
                )
            }
        }
    }

    /// Ends the session as SIGTERM does; answered when it is sealed.
    private func stop(
        _ request: DoorRequest,
        _ reply: @escaping (DoorAnswer) -> Void
    ) throws(RequestRefusal) {
        guard let host else { return }
        if !isStopAsked, !isStopped {
            // A journal that has failed keeps no record, and is all the more a reason to stop.
            if !isFailed {
                _ = try enter("stop", reason: request.reason, uid: request.uid, arguments: [])
            }
            isStopAsked = true
            let why = request.reason.isEmpty ? "" : ": \(request.reason)"
            logger.notice("desk stop", metadata: ["uid": "\(request.uid)", "reason": "\(why)"])
            host.end("desk stop by uid \(request.uid)\(why)")
        }
        stopReplies.append(reply)
    }

    /// Tells those who asked for the end how it came.
    func stopped(_ outcome: Result<Manifest, JournalError>) {
        for reply in stopReplies {
            switch outcome {
            case .success(let manifest):
                let openOrders = stepper.engine.openOrders.count
                reply(
                    .done {
                        $0.field("state", manifest.state.rawValue)
                        $0.field("first", manifest.first)
                        $0.field("last", manifest.last)
                        $0.field("open_orders", openOrders)
                    }
                )
            case .failure(let error):
                reply(
                    .refused(
                        RequestRefusal(
                            "disk",
                            "the session has ended, and its recording is not sealed: \(error.what)",
                            at: error.file,
                            do: error.advice
                        )
                    )
                )
            }
        }
        stopReplies.removeAll()
    }

    static let journalFailed = RequestRefusal(
        "disk",
        "the journal has failed: nothing can be put on record any more",
        do: "Stop the session, and see `tapedeck verify`."
    )

    /// A request of a person: its record, then what the engine makes of it.
    ///
    /// - Returns: the number of its record.
    func enter(
        _ verb: String,
        reason: String,
        uid: UInt32?,
        arguments: [OperatorRequest.Argument]
    ) throws(RequestRefusal) -> SequenceNumber {
        guard !isFailed else { throw SessionLoop.journalFailed }
        do throws(JournalError) {
            return try ask(verb, reason: reason, uid: uid, arguments: arguments)
        } catch {
            failed(error)
            throw SessionLoop.journalFailed
        }
    }

    func ask(
        _ verb: String,
        reason: String,
        uid: UInt32? = nil,
        arguments: [OperatorRequest.Argument] = []
    ) throws(JournalError) -> SequenceNumber {
        writer.reset()
        writer.object {
            $0.field("verb", verb)
            $0.field("reason", reason)
            if let uid { $0.field("uid", Int64(uid)) }
            guard !arguments.isEmpty else { return }
            $0.field(
                "arguments",
                object: { for argument in arguments { $0.field(argument.name, argument.value) } }
            )
        }
        let payload = writer.bytes
        let time = clock.now()
        rollIfDue(time)
        let entry = try streams.entry(named: "desk/operator")
        let sequence = try recorder.append(entry.id, time: time, payload: payload)
        step(
            RecordHeader(sequence: sequence, time: recorder.lastTime, stream: entry.name),
            entry.route,
            payload
        )
        return sequence
    }
}
