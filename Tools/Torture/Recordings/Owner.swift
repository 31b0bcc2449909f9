import Glibc
import Journal
import Market

/// One run of a recorder that is given the script's records.
final class Owner {
    let recorder: Recorder
    let script: Script
    /// As the records say it: counts on through a row, each of whose recordings begins with run 1.
    let run: Int
    /// By place in the script's streams; `nil` for one that this run does not use.
    private var ids: [StreamID?] = []

    /// Opens, and appends the start of the run and the announcements.
    init(
        _ path: String,
        _ script: Script,
        _ options: RecorderOptions,
        files: any JournalFiles
    ) throws(JournalError) {
        self.script = script
        recorder = try Recorder.open(path, options: options, files: files)
        run = recorder.run
    }

    /// One that is open already.
    init(_ recorder: Recorder, _ script: Script, run: Int) {
        self.recorder = recorder
        self.script = script
        self.run = run
    }

    /// - Parameter used: of the script's streams.
    func start(_ used: [Int] = Array(Script.streams.indices)) throws(JournalError) {
        try recorder.start(
            time: script.time(recorder.next.value),
            payload: script.start(run: run)
        )
        for (place, name) in Script.streams.enumerated() {
            ids.append(used.contains(place) ? try recorder.stream(named: name) : nil)
        }
    }

    /// Records of the script; where a full disk refuses public data, private data takes its place.
    @discardableResult
    func append(_ count: Int, isPrivate: Bool = false) throws(JournalError) -> SequenceNumber {
        var last = SequenceNumber.none
        for _ in 0..<count {
            let number = recorder.next.value
            var stream = script.stream(number)
            if isPrivate { stream = Script.secluded(stream) }
            do throws(JournalError) {
                last = try append(number, stream)
            } catch {
                guard error.reason == .diskFull else { throw error }
                last = try append(number, Script.secluded(stream))
            }
        }
        return last
    }

    private func append(_ number: UInt64, _ wanted: Int) throws(JournalError) -> SequenceNumber {
        // Private for private, where this run does not use it.
        let places = wanted < 2 ? [wanted, 1 - wanted, 2, 3] : [wanted, 5 - wanted]
        guard let stream = places.first(where: { ids[$0] != nil }), let id = ids[stream] else {
            throw JournalError(.notStarted, file: recorder.path)
        }
        return try recorder.append(
            id,
            time: script.time(number),
            payload: script.payload(number, run: run, stream: stream)
        )
    }

    /// A few records, and now and then a wait for them.
    func step(_ dice: inout Dice) throws(JournalError) {
        let last = try append(dice.within(1...5))
        switch dice.below(10) {
        case 0..<5: try recorder.waitUntilWritten(last)
        case 5..<8: try recorder.waitUntilDurable(last)
        default: break
        }
    }

    /// As ``step(_:)``, of records that a full disk takes, and with an end to the wait: a reserve may be full.
    func patientStep(_ dice: inout Dice, microseconds: Int = 3000) throws(JournalError) {
        let last = try append(dice.within(1...5), isPrivate: dice.once(in: 2))
        let isDurable = dice.once(in: 2)
        let mark = { [recorder] in
            isDurable ? recorder.watermarks.durable : recorder.watermarks.written
        }
        if isDurable { recorder.whenDurable(last) { _ in } }
        wait(microseconds: microseconds) { mark() >= last }
    }

    /// Until it is so, but no longer than this.
    @discardableResult
    func wait(microseconds: Int, _ condition: () -> Bool) -> Bool {
        let files = SystemFiles()
        let end = files.now() + Int64(microseconds) * 1000
        recorder.hurry()
        while !condition() {
            if files.now() > end { return condition() }
            usleep(20)
        }
        return true
    }
}

extension RecorderOptions {
    /// Small pieces, so that a short run has many of them; syncs only when asked for, mostly.
    static func small(_ dice: inout Dice) -> RecorderOptions {
        var options = RecorderOptions()
        options.id = "torture"
        options.chunkBytes = [300, 700, 1500, 4000][dice.below(4)]
        options.segmentBytes = UInt64([2000, 6000, 1 << 20][dice.below(3)])
        options.tailBytes = [2048, 4096, 8192][dice.below(3)]
        options.syncInterval = [1_000_000, 20_000_000, 60_000_000_000][dice.below(3)]
        options.headInterval = [0, 3_000_000, 60_000_000_000][dice.below(3)]
        options.compressionLevel = 1
        // Of these the recorder keeps 64 KiB free, so that the next chunk certainly fits.
        options.reserveBytes = [70 << 10, 80 << 10, 128 << 10][dice.below(3)]
        options.retryInterval = [1_000_000, 5_000_000, 500_000_000][dice.below(3)]
        return options
    }
}
