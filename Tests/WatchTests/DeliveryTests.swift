import Market
import Testing

@testable import Watch

/// No alert is lost while it can be kept, and none is sent out of order.
@Suite struct DeliveryTests {
    private func alert(_ number: Int) -> Alert {
        Alert(
            name: .streamSilent,
            state: number % 2 == 0 ? .firing : .resolved,
            since: .zero,
            time: Timestamp(nanoseconds: Int64(number)),
            value: "",
            threshold: "",
            text: "\(number)"
        )
    }

    @Test func `one at a time, the next when the last was taken`() {
        var queue = DeliveryQueue(name: "webhook-1")
        for number in 0..<3 { #expect(queue.add(alert(number)) == nil) }
        #expect(queue.next(at: 0)?.text == "0")
        #expect(queue.next(at: 0) == nil)
        queue.ended(isTaken: true, at: 1)
        #expect(queue.next(at: 1)?.text == "1")
        queue.ended(isTaken: true, at: 2)
        #expect(queue.next(at: 2)?.text == "2")
        queue.ended(isTaken: true, at: 3)
        #expect(queue.next(at: 3) == nil)
        #expect(queue.counts.sent == 3 && queue.counts.waiting == 0)
    }

    @Test
    func
        `what is not taken is tried again for as long as it takes, in order, with pauses that grow`()
    {
        var queue = DeliveryQueue(name: "exec-1")
        #expect(queue.add(alert(0)) == nil)
        #expect(queue.add(alert(1)) == nil)
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 0..<1_000 {
            #expect(queue.next(at: now)?.text == "0")
            queue.ended(isTaken: false, at: now)
            let ended = now
            while queue.next(at: now) == nil { now += second }
            queue.ended(isTaken: false, at: now)
            pauses.append((now - ended) / second)
            now += 60 * second
        }
        #expect(pauses.first == 1 && pauses.dropFirst(4).allSatisfy { $0 == 60 })
        #expect(queue.next(at: now)?.text == "0")
        queue.ended(isTaken: true, at: now)
        #expect(queue.next(at: now)?.text == "1", "a success takes the pause away")
        #expect(queue.counts.failed == 2_000 && queue.counts.sent == 1)
    }

    @Test func `when there is no room the oldest that is not under way is given up and named`() {
        var queue = DeliveryQueue(name: "webhook-1")
        #expect(queue.add(alert(0)) == nil)
        #expect(queue.next(at: 0)?.text == "0")
        for number in 1..<DeliveryQueue.capacity { #expect(queue.add(alert(number)) == nil) }
        #expect(queue.add(alert(1_000))?.text == "1")
        #expect(queue.add(alert(1_001))?.text == "2")
        #expect(queue.counts.dropped == 2)
        queue.ended(isTaken: true, at: 0)
        #expect(queue.next(at: 0)?.text == "3")
        #expect(queue.undelivered.count == DeliveryQueue.capacity - 1)
        #expect(queue.undelivered.last?.text == "1001")
    }
}

@Suite struct MeterTests {
    @Test func `a quota's least within ten seconds counts, and then all of it is left`() {
        var meter = QuotaMeter()
        meter.note(group: "/v5/order/create", limit: 10, left: 7, at: 0)
        meter.note(group: "/v5/order/create", limit: 10, left: 2, at: second)
        meter.note(group: "/v5/order/create", limit: 10, left: 9, at: 5 * second)
        meter.note(group: "/v5/account/info", limit: 50, left: 49, at: 5 * second)
        meter.note(group: "/v5/market/time", limit: nil, left: nil, at: 5 * second)
        meter.note(group: "/v5/odd", limit: -1, left: 4, at: 5 * second)
        #expect(
            meter.readings(at: 5 * second).map(\.group) == ["/v5/account/info", "/v5/order/create"]
        )
        #expect(meter.readings(at: 6 * second).map(\.left) == [49, 2])
        #expect(meter.readings(at: 12 * second).map(\.left) == [49, 9])
        #expect(meter.readings(at: 16 * second).map(\.left) == [50, 10])
    }

    @Test(arguments: [
        ("2026-01-01T00:00:00Z", 1_767_225_600), ("2099-12-31T00:00:00Z", 4_102_358_400),
        ("2028-02-29T23:59:59Z", 1_835_481_599),
    ])
    func `the exchange's time of expiry is read`(text: String, unix: Int64) {
        #expect(ExpiryTime.read(text)?.nanoseconds == unix * second)
    }

    @Test(arguments: [
        "", "never", "1970-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01",
        "99999999999999999999",
        "2026-01-01T00:0x:00Z", "2026/01/01T00:00:00Z",
    ])
    func `what is no time of expiry is none`(text: String) {
        #expect(ExpiryTime.read(text) == nil)
    }
}
