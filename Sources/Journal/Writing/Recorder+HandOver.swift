import Market

extension Recorder {
    /// The id of the first recording of its row; its own where it is in none.
    public var row: String { RowLink(options.labels)?.row ?? id }
    /// Its place in the row, from 1.
    public var rowPlace: Int { RowLink(options.labels)?.place ?? 1 }

    /// Ends this recording and goes on in another, with no record between and no number left out.
    ///
    /// Belongs to the append side, and waits for nothing: the recorder that it gives takes records at once. What was
    /// appended here is made durable, then the new recording begins on the disk, and then this one is sealed, each on
    /// threads of their own. Until the new one has begun, its records are *appended* and not yet *written*.
    ///
    /// - Parameters:
    ///   - successor: taken by this call.
    ///   - checkpoint: the owner's state behind the last record here, with which the new recording begins.
    ///   - sealed: called on a thread of this recorder when it is sealed, or could not be.
    /// - Returns: the new recorder; `start` is still to be called.
    /// - Throws: ``JournalError``: `closed`, `notStarted`, `failed`; this recorder then goes on, or has ended before.
    public func handOver(
        to successor: Successor,
        checkpoint: [UInt8],
        sealed: @escaping @Sendable (Result<Manifest, JournalError>) -> Void
    ) throws(JournalError) -> Recorder {
        guard successor.take() else { throw JournalError(.closed, file: successor.path) }
        let last: (number: SequenceNumber, time: Timestamp)
        do throws(JournalError) {
            last = try endAppending()
        } catch {
            successor.discard()
            throw error
        }
        let marks = progress.marks
        let progress = Progress(
            at: last.number,
            written: marks.written,
            durable: marks.durable
        )
        let end = RowEnd()
        successor.orders.give(
            Orders.HandOver(
                row: row,
                place: rowPlace + 1,
                recording: id,
                end: end,
                checkpoint: checkpoint,
                id: successor.id,
                progress: progress
            )
        )
        var options = successor.options
        options.labels =
            options.labels.filter { !RowLink.owns($0) }
            + RowLink(
                row: row,
                place: rowPlace + 1,
                previous: RowLink.Previous(
                    recording: id,
                    last: last.number,
                    // Known only when all before it is on the disk; the segment's head has it.
                    chain: ChainValue(words: (0, 0, 0, 0))
                )
            ).labels
        let next = Recorder(
            Parts(
                path: successor.path,
                id: successor.id,
                options: options,
                queue: successor.queue,
                progress: progress,
                table: successor.table,
                bell: successor.bell,
                thread: successor.thread,
                number: last.number,
                time: last.time
            )
        )
        // Kept until it has ended: nobody else need hold it.
        let old = self
        thread.handOver(end) { outcome in
            withExtendedLifetime(old) {
                switch outcome {
                case .success(let manifest?): sealed(.success(manifest))
                case .success(nil): sealed(.failure(JournalError(.closed, file: old.path)))
                case .failure(let error): sealed(.failure(error))
                }
            }
        }
        return next
    }
}
