/// Why a market is not kept decoded, where the disk itself has refused nothing.
enum CacheFailure: Error, CustomStringConvertible {
    case longBlock
    case manyStreams
    /// Bytes of the recording's file system: what is free, what must stay so, and what the file may still need.
    case noRoom(free: UInt64, stays: UInt64, needs: UInt64)

    var description: String {
        switch self {
        case .longBlock:
            "a record does not fit into a block of \(CacheFormat.blockBytesMost >> 20) MiB"
        case .manyStreams: "it has more than \(CacheFormat.lanesMost) streams"
        case .noRoom(let free, let stays, let needs):
            "\(free >> 20) MiB are free on its file system, of which \(stays >> 20) MiB must stay so,"
                + " and the file may need \(needs >> 20) MiB"
        }
    }
}
