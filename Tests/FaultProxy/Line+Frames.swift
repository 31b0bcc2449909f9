import NIOCore

/// Frames that the server sends on a plain WebSocket.
extension Line {
    func take(_ frame: FrameSplitter.Frame) {
        guard frame.isText else { return hand(frame.bytes) }
        let topic = frame.topic
        if topic != nil { dataFrames += 1 }
        received.append(passed(frame, dataFrames))
        guard !isMute else { return }
        if let topic {
            if firstData == nil { firstData = hub.loop.now }
            if cutsNow(frame) { return }
            if let fault = hub.plan.fault(connection: number, frame: dataFrames, topic: topic) {
                return spoil(frame, fault, topic)
            }
        }
        pass(frame)
    }

    /// In its turn; one that was held back goes right behind it.
    private func pass(_ frame: FrameSplitter.Frame) {
        hand(frame.bytes, passed(frame, dataFrames))
        guard let last = held else { return }
        held = nil
        hand(last.frame.bytes, passed(last.frame, last.number))
    }

    private func passed(_ frame: FrameSplitter.Frame, _ number: Int) -> PassedFrame {
        let topic = frame.topic
        return PassedFrame(
            payload: frame.payload,
            number: topic == nil ? nil : number,
            topic: topic
        )
    }

    private func spoil(_ frame: FrameSplitter.Frame, _ fault: Fault, _ topic: String) {
        hub.note(fault, number, frame: dataFrames, topic: topic)
        switch fault {
        case .drop: return
        case .duplicate:
            pass(frame)
            pass(frame)
        case .reorder:
            if held == nil { held = (frame, dataFrames) } else { pass(frame) }
        case .corruptText:
            var broken = frame
            // No JSON has this byte, whether within a text or outside; behind the topic, so that its stream is known.
            let tail = frame.bytes.count - 1 - (dataFrames % 24)
            broken.bytes[max(frame.payloadStart, tail)] = 0x01
            pass(broken)
        default: pass(frame)
        }
    }
}
