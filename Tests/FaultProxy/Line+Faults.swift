import Glibc
import NIOCore

/// Ends of connections, and what is done to all of their bytes.
extension Line {
    /// True when the plan cuts the connection at this frame.
    func cutsNow(_ frame: FrameSplitter.Frame) -> Bool {
        guard let fault = script.cut, end == nil, let firstData,
            dataFrames > script.framesBeforeCut,
            hub.loop.now - firstData >= .milliseconds(Int64(script.life))
        else { return false }
        guard hub.takesCut() else { return false }
        hub.note(fault, number, frame: dataFrames, topic: frame.topic)
        switch fault {
        case .torn:
            // All that waits for its time is behind it now, and is given up.
            toClient.clear()
            write(Array(frame.bytes.prefix(frame.bytes.count / 2)), nil)
            cut(.torn)
        case .corruptFrame:
            var bytes = frame.bytes
            bytes[0] |= 0x70
            toClient.clear()
            write(bytes, nil)
            mute(.corruptFrame)
        case .stall:
            mute(.stall)
            hold(hub.plan.longStall)
        default: cut(fault)
        }
        return true
    }

    /// Nothing more goes to the client, which stays connected until it ends that itself.
    private func mute(_ fault: Fault) {
        end = fault
        isMute = true
        toClient.clear()
    }

    /// Ends the connection in one of the ways that a network does.
    func cut(_ fault: Fault) {
        guard let client, end == nil else { return }
        mute(fault)
        switch fault {
        case .reset, .unborn:
            isDeaf = true
            guard let options = client as? any SocketOptionProvider else { return }
            let bound = NIOLoopBound(self, eventLoop: hub.loop)
            options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
                bound.value.client?.close(promise: nil)
                bound.value.finishServer()
            }
        case .serverGone:
            isDeaf = true
            finishServer()
        case .clientGone:
            isDeaf = true
            client.close(promise: nil)
        default:
            isDeaf = true
            client.close(promise: nil)
            finishServer()
        }
    }

    // MARK: - What is done to all bytes

    func slow(_ milliseconds: Int) {
        hub.note(.latency, number)
        toClient.latency = milliseconds
        toServer.latency = milliseconds
    }

    func narrow(_ bytesPerSecond: Int) {
        hub.note(.bandwidth, number)
        toClient.bytesPerSecond = bytesPerSecond
        toServer.bytesPerSecond = bytesPerSecond
    }

    func singleBytes() {
        hub.note(.oneByte, number)
        isInBytes = true
    }

    /// Holds both directions; `nil` milliseconds until ``release()``.
    func stall(_ milliseconds: Int?) {
        hub.note(.stall, number)
        hold(milliseconds)
    }

    private func hold(_ milliseconds: Int?) {
        toClient.hold()
        toServer.hold()
        setReading(false)
        guard let milliseconds else { return }
        hub.loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(milliseconds))) {
            [weak self] in self?.release()
        }
    }

    func release() {
        setReading(true)
        toServer.release()
        toClient.release()
    }
}
