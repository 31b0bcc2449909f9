import Market
import Testing

@testable import Watch

/// Each alert begins once, lasts, and ends once, at a second threshold.
@Suite struct AlertJudgeTests {
    @Test func `a session that is well is told nothing of in an hour`() {
        let patient = Patient()
        #expect(patient.pass(3_600).isEmpty)
        #expect(patient.judge.health(.test, at: patient.wall).isWell)
    }

    @Test func `a public socket without data is silent, also while it answers pings`() throws {
        let patient = Patient()
        patient.pass(10)
        let last = patient.now
        #expect(patient.pass(29) { reading, _ in reading.sockets[0].heard = last }.isEmpty)
        let first = try patient.began(
            patient.pass(60) { reading, _ in reading.sockets[0].heard = last },
            .streamSilent
        )
        #expect(first.text == "no data on public/linear for 30 s")
        #expect(first.threshold == "30" && first.value == "30")
        #expect(patient.pass(4).isEmpty, "it is not over at once")
        try patient.ended(patient.pass(10), first)
    }

    @Test func `a private socket that is not complete is silent; one without news is not`() throws {
        let patient = Patient()
        patient.pass(10)
        let last = patient.now
        let lost = patient.pass(31) { reading, _ in
            reading.sockets[1].isReady = false
            reading.sockets[1].ready = last
        }
        let first = try patient.began(lost, .streamSilent)
        #expect(first.text.hasPrefix("private/main has not been complete"))
        patient.reading.sockets[1].isReady = true
        try patient.ended(patient.pass(10), first)
    }

    @Test func `what passes a proxy and is not recorded is told of, until it is again`() throws {
        let patient = Patient()
        patient.pass(10)
        patient.reading.journal.isLosing = true
        let first = try patient.began(patient.pass(20), .appendStalled)
        #expect(first.text.contains("is not recorded"))
        patient.reading.journal.isLosing = false
        try patient.ended(patient.pass(10), first)
    }

    @Test func `a book is invalid from its own fifth second on`() throws {
        let patient = Patient()
        let bitcoin = InstrumentID(.linear, try #require(Symbol("BTCUSDT")))
        let ether = InstrumentID(.linear, try #require(Symbol("ETHUSDT")))
        // Now one, now the other: none for five seconds.
        for turn in 0..<20 {
            patient.reading.booksInvalid = [turn % 2 == 0 ? bitcoin : ether]
            #expect(patient.pass(3).isEmpty)
        }
        patient.reading.booksInvalid = []
        patient.pass(1)
        patient.reading.booksInvalid = [bitcoin]
        #expect(patient.pass(5).isEmpty)
        let first = try patient.began(patient.pass(20), .bookInvalid)
        #expect(first.text.contains("linear BTCUSDT"))
        patient.reading.booksInvalid = []
        try patient.ended(patient.pass(6), first)
    }

    @Test
    func `reconnects of one socket within a minute are a storm, of many sockets they are not`()
        throws
    {
        let patient = Patient()
        for number in 0..<10 {
            var socket = Reading.Socket(name: "public/linear@\(number + 2)", isPublic: false)
            socket.isReady = true
            patient.reading.sockets.append(socket)
        }
        patient.pass(5)
        for place in patient.reading.sockets.indices {
            patient.reading.sockets[place].reconnects += 1
        }
        #expect(patient.pass(120).isEmpty)
        var count = 0
        let storm = patient.pass(40) { reading, now in
            if now / second % 5 == 0, count < 5 {
                count += 1
                reading.sockets[0].reconnects += 1
            }
        }
        let first = try patient.began(storm, .reconnectStorm)
        #expect(first.value == "5")
        try patient.ended(patient.pass(75), first)
    }

    @Test func `a queue over half is told once, however it swings about the half`() throws {
        let patient = Patient()
        patient.pass(3)
        patient.reading.journal.queueBytes = 499
        #expect(patient.pass(20).isEmpty)
        let swinging = patient.pass(200) { reading, now in
            reading.journal.queueBytes = now / second % 2 == 0 ? 510 : 450
        }
        let first = try patient.began(swinging, .queueFilling)
        #expect(first.value == "51" && first.threshold == "50")
        patient.reading.journal.queueBytes = 100
        try patient.ended(patient.pass(15), first)
    }

    @Test func `a disk that is full in three days is told of, one that is not measured is not`()
        throws
    {
        let patient = Patient()
        patient.reading.machine.diskFree = 1
        #expect(patient.pass(100).isEmpty)
        patient.reading.machine.diskLeft = 3 * day
        #expect(patient.pass(100).isEmpty)
        patient.reading.machine.diskLeft = 3 * day - 1
        let first = try patient.began(patient.pass(100), .diskFilling)
        #expect(first.value == "2.9" && first.threshold == "3")
        patient.reading.machine.diskLeft = 3 * day + day / 5
        #expect(patient.pass(300).isEmpty, "it ends at 3.3 days")
        patient.reading.machine.diskLeft = 4 * day
        #expect(patient.pass(59).isEmpty)
        try patient.ended(patient.pass(10), first)
    }

    @Test(arguments: ["loop", "append", "disk", "failed"])
    func
        `appending is stalled by a loop that does not turn, a disk that does not answer, a journal that failed`(
            how: String
        ) throws
    {
        let patient = Patient()
        patient.pass(10)
        let last = patient.now
        let written = patient.reading.journal.written
        let stalled = patient.pass(8) { reading, _ in
            switch how {
            case "loop": reading.turned = last
            case "append": reading.lastAppend = last
            case "disk": reading.journal.written = written
            default: reading.journal.isFailed = true
            }
        }
        let first = try patient.began(stalled, .appendStalled)
        #expect(first.threshold == "5")
        patient.reading.journal.isFailed = false
        try patient.ended(patient.pass(10), first)
    }

    @Test func `a process that was stopped and goes on is not stalled`() {
        let patient = Patient()
        patient.pass(10)
        patient.isAlive = false
        patient.now += 100 * second
        // The first look after it, before the loop has turned.
        #expect(!patient.pass(1).contains { $0.name == .appendStalled })
        patient.isAlive = true
        #expect(!patient.pass(20).contains { $0.name == .appendStalled })
    }

    @Test(arguments: [Int64(251_000_000), -251_000_000])
    func `a clock is off either way, beyond what the measurement may be wrong by`(
        offset: Int64
    )
        throws
    {
        let patient = Patient()
        patient.pass(5)
        patient.reading.clockOffset = offset
        patient.reading.clockUncertainty = 2_000_000
        #expect(patient.pass(100).isEmpty)
        patient.reading.clockUncertainty = 500_000
        let first = try patient.began(patient.pass(5), .clockOffset)
        #expect(first.value == (offset < 0 ? "-0.251" : "0.251"))
        #expect(first.text.contains(offset < 0 ? "behind ours" : "ahead of ours"))
        patient.reading.clockOffset = offset / 100 * 90
        #expect(patient.pass(100).isEmpty, "it ends at 200 ms")
        patient.reading.clockOffset = 0
        try patient.ended(patient.pass(12), first)
    }

    @Test func `a key is told of two weeks before it expires, and one without an end never`() throws
    {
        let patient = Patient()
        #expect(patient.pass(10).isEmpty)
        patient.reading.keyExpires = patient.wall.advanced(nanoseconds: 14 * day + 60 * second)
        #expect(patient.pass(60).isEmpty)
        let first = try patient.began(patient.pass(5), .keyExpiring)
        #expect(first.text == "the API key expires in 13.9 days")
        patient.reading.keyExpires = patient.wall.advanced(nanoseconds: 90 * day)
        try patient.ended(patient.pass(1), first)
        patient.reading.keyExpires = patient.wall.advanced(nanoseconds: -day)
        #expect(patient.pass(1).map(\.text) == ["the API key has expired"])
    }

    @Test func `a quota that is nearly used up for long is told of, a burst is not`() throws {
        let patient = Patient()
        patient.reading.quotas[0].left = 1
        #expect(patient.pass(15).isEmpty)
        patient.reading.quotas[0].left = 10
        #expect(patient.pass(15).isEmpty)
        patient.reading.quotas[0].left = 1
        let first = try patient.began(patient.pass(30), .rateQuota)
        #expect(first.text == "1 of 10 requests were left for /v5/order/create")
        patient.reading.quotas[0].left = 2
        #expect(patient.pass(100).isEmpty, "it ends at 30 percent")
        patient.reading.quotas[0].left = 4
        try patient.ended(patient.pass(30), first)
    }

    @Test func `what does not verify is told by whoever verified it`() throws {
        let patient = Patient()
        patient.tell(.verifyFailed, "the recording that ended at midnight does not verify")
        let first = try patient.began(patient.pass(1), .verifyFailed)
        #expect(first.text == "the recording that ended at midnight does not verify")
        #expect(patient.pass(1_000).isEmpty)
        patient.tell(.verifyFailed, nil)
        try patient.ended(patient.pass(1), first)
    }

    @Test func `a protection that would not fire is told at once, by whoever has armed it`() throws
    {
        let patient = Patient()
        patient.tell(.unprotected, "dcp.future (not enabled at the exchange)")
        let first = try patient.began(patient.pass(1), .unprotected)
        #expect(first.name.rawValue == "dcp-unarmed")
        #expect(first.text == "dcp.future (not enabled at the exchange)")
        #expect(patient.pass(1_000).isEmpty)
        patient.tell(.unprotected, nil)
        try patient.ended(patient.pass(1), first)
    }

    @Test func `an address that is shut out is told at once, and until something may be sent`()
        throws
    {
        let patient = Patient()
        patient.pass(3)
        patient.reading.quietLeft = 600 * second
        let first = try patient.began(patient.pass(1), .shutOut)
        #expect(first.value == "600" && first.threshold == "0")
        #expect(
            first.text
                == "the exchange answered 403: nothing is sent for 600 s more, and cancels cannot leave"
        )
        let lasting = patient.pass(599) { reading, _ in reading.quietLeft -= second }
        #expect(lasting.isEmpty)
        patient.reading.quietLeft = 0
        try patient.ended(patient.pass(1), first)
    }

    @Test func `what is off never begins`() {
        var settings = AlertSettings()
        settings.off = Set(AlertName.allCases)
        let patient = Patient(settings)
        patient.isAlive = false
        patient.reading.journal.isFailed = true
        patient.tell(.verifyFailed, "it does not verify")
        #expect(patient.pass(1_000).isEmpty)
        #expect(patient.judge.health(.test, at: patient.wall).isWell)
    }

    @Test func `several that last are each told once, and health has them all as they are now`() {
        let patient = Patient()
        patient.pass(3)
        patient.isAlive = false
        let news = patient.pass(100)
        #expect(
            news.map(\.name).sorted { $0.rawValue < $1.rawValue } == [
                .appendStalled, .streamSilent,
            ]
        )
        let health = patient.judge.health(.test, at: patient.wall)
        let body = String(decoding: health.body, as: UTF8.self)
        #expect(!health.isWell)
        #expect(body.contains(#""status":"unwell""#))
        #expect(body.contains(#""text":"no data on public/linear for 100 s""#), "\(body)")
        #expect(body.contains(#""name":"append-stalled""#))
        #expect(patient.judge.counts.filter(\.isFiring).count == 2)
        #expect(patient.judge.counts.map(\.begun).reduce(0, +) == 2)
    }

    @Test func `an alert is one object of JSON with its recording`() {
        let alert = Alert(
            name: .clockOffset,
            state: .firing,
            since: Timestamp(nanoseconds: Patient.start),
            time: Timestamp(nanoseconds: Patient.start + second),
            value: "0.3",
            threshold: "0.25",
            text: "a \"text\""
        )
        #expect(
            String(decoding: alert.json(.test), as: UTF8.self)
                == #"{"schema":"tapedeck.alert/1","name":"clock-offset","state":"firing","#
                + #""since":"2026-01-01T00:00:00.000000000Z","time":"2026-01-01T00:00:01.000000000Z","#
                + #""value":"0.3","threshold":"0.25","unit":"seconds","recording":"desk","run":2,"#
                + #""text":"a \"text\""}"#
        )
    }
}

extension Identity {
    static let test = Identity(recording: "desk", run: 2, version: "1.0", commit: "abc")
}
