/// How much of a file may be read and decompressed for what looks like a chunk and is none.
///
/// Bytes that were made to look like many chunks, each as long as the rest of the file or saying that it holds
/// 128 MiB, would otherwise be tried one after another, with work that grows with the square of the file. What fails is
/// charged with its length and the length that it claims; what proves itself costs nothing. Behind the bound a place
/// that looks like a chunk is tried only where what the bytes before it give is enough, and who reads is told of those
/// that were not. Of a file that was damaged by chance all are tried: only where nearly every chunk fails, and all
/// compress better than 1 to 31, is that not so.
struct ChunkBudget {
    /// The largest chunk can be tried in any file.
    static let base = 2 * ReadWindow.limit
    /// What each byte of the file before a place gives.
    static let perByte: UInt64 = 64

    /// Bytes read and decompressed in vain.
    private(set) var spent: UInt64 = 0
    /// Up to here what failed has been charged: who comes back pays once.
    private var charged: UInt64 = 0

    var isTouched: Bool { spent > 0 }

    /// Whether something at an offset that costs so much may be tried.
    func allows(_ cost: UInt64, at offset: UInt64) -> Bool {
        let earned = offset.multipliedReportingOverflow(by: ChunkBudget.perByte)
        let all = ChunkBudget.base.addingReportingOverflow(earned.partialValue)
        guard !earned.overflow, !all.overflow else { return true }
        return spent <= all.partialValue && cost <= all.partialValue - spent
    }

    mutating func charge(_ cost: UInt64, at offset: UInt64) {
        guard offset >= charged else { return }
        charged = offset + 1
        spent += cost
    }
}
