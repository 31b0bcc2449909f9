import Journal
import Market

/// One run of a recorder that is given the script's records.
final class Owner {
    let recorder: Recorder
    let script: Script
    private var ids: [StreamID] = []

    /// Opens, and appends the start of the run and the announcements.
    init(
        _ path: String,
        _ script: Script,
        _ options: RecorderOptions,
        files: any JournalFiles
    ) throws(JournalError) {
        self.script = script
        recorder = try Recorder.open(path, options: options, files: files)
    }

    func start() throws(JournalError) {
        try recorder.start(
            time: script.time(recorder.next.value),
            payload: script.start(run: recorder.run)
        )
        for name in Script.streams { ids.append(try recorder.stream(named: name)) }
    }

    @discardableResult
    func append(_ count: Int) throws(JournalError) -> SequenceNumber {
        var last = SequenceNumber.none
        for _ in 0..<count {
            let number = recorder.next.value
            last = try recorder.append(
                ids[script.stream(number)],
                time: script.time(number),
                payload: script.payload(number, run: recorder.run)
            )
        }
        return last
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
        return options
    }
}
