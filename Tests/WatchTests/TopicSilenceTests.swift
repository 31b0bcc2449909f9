import Market
import Testing

@testable import Watch

/// A topic that dies on a socket that lives is told of, and one that is quiet by its nature is not.
@Suite struct TopicSilenceTests {
    private static let busy = "orderbook.50.BTCUSDT on public/linear"

    /// A patient whose topic brings data when `speaks` says so.
    private func topic(
        _ patient: Patient,
        _ seconds: Int,
        _ speaks: (Int) -> Bool
    ) -> [Alert] {
        var heard = patient.reading.topics.first?.heard ?? patient.now
        var count = 0
        return patient.pass(seconds) { reading, now in
            if speaks(count) { heard = now }
            count += 1
            reading.topics = [Reading.Topic(name: Self.busy, socket: 0, heard: heard)]
        }
    }

    @Test func `a busy topic that dies while its socket goes on is silent, once`() throws {
        let patient = Patient()
        #expect(topic(patient, 120) { _ in true }.isEmpty)
        #expect(topic(patient, 29) { _ in false }.isEmpty)
        let first = try patient.began(topic(patient, 600) { _ in false }, .streamSilent)
        #expect(first.text == "no data of \(Self.busy) for 30 s")
        #expect(first.value == "30" && first.threshold == "30")
        #expect(topic(patient, 4) { _ in true }.isEmpty)
        try patient.ended(topic(patient, 10) { _ in true }, first)
    }

    @Test func `a topic that speaks every minute is silent after ten of them, not after one`()
        throws
    {
        let patient = Patient()
        #expect(topic(patient, 7_200) { $0 % 60 == 0 }.isEmpty)
        #expect(topic(patient, 540) { _ in false }.isEmpty)
        let first = try patient.began(topic(patient, 60) { _ in false }, .streamSilent)
        #expect(first.threshold == "600")
    }

    @Test func `irregular topics raise no alarm in a day`() {
        let patient = Patient()
        var chance: UInt64 = 7
        let news = topic(patient, 86_400) { second in
            chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            // Busy by day, and twenty times less so by night, without a step between.
            let hour = (second / 3_600) % 24
            let mean = UInt64(1 + min(hour, 24 - hour) * 2)
            return (chance >> 33) % mean == 0
        }
        #expect(news.isEmpty, "\(news)")
    }

    @Test func `a topic that never spoke, or of which too little is known, is not judged`() {
        let patient = Patient()
        #expect(topic(patient, 50) { _ in true }.isEmpty)
        #expect(topic(patient, 7_200) { _ in false }.isEmpty)
    }

    @Test
    func `while its socket is down or silent nothing is said of the topic, nor at once after`()
        throws
    {
        let patient = Patient()
        #expect(topic(patient, 120) { _ in true }.isEmpty)
        patient.reading.sockets[0].isReady = false
        // The socket is connecting, and is heard again before it is silent itself.
        #expect(topic(patient, 25) { _ in false }.isEmpty)
        patient.reading.sockets[0].isReady = true
        #expect(topic(patient, 29) { _ in false }.isEmpty)
        _ = try patient.began(topic(patient, 5) { _ in false }, .streamSilent)
    }

    @Test func `a topic that is subscribed no more is forgotten`() {
        let patient = Patient()
        #expect(topic(patient, 120) { _ in true }.isEmpty)
        patient.reading.topics = []
        #expect(patient.pass(3_600).isEmpty)
    }

    @Test func `thresholds change while it is judged, and what is switched off ends`() throws {
        let patient = Patient()
        #expect(topic(patient, 120) { _ in true }.isEmpty)
        let first = try patient.began(topic(patient, 31) { _ in false }, .streamSilent)
        var settings = AlertSettings()
        settings.silentAfter = 100 * second
        #expect(patient.change(settings).isEmpty)
        // It lasts until it is good by the new threshold for a while.
        let news = topic(patient, 15) { _ in false }
        try patient.ended(news, first)
        let again = try patient.began(topic(patient, 100) { _ in false }, .streamSilent)
        #expect(again.threshold == "100")
        settings.off = [.streamSilent]
        let ended = patient.change(settings)
        #expect(ended.map(\.state) == [.resolved] && ended[0].since == again.since)
        #expect(ended[0].text.contains("switched off"))
        #expect(topic(patient, 1_000) { _ in false }.isEmpty)
        #expect(patient.judge.reasons.isEmpty)
    }
}
