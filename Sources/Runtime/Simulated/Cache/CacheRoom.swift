import Glibc
import Journal

/// How much of a file system stays free whatever is kept in `derived/`.
///
/// A recorder beside it deletes old recordings when what is free runs short: nothing that can be made again may bring that
/// about.
struct CacheRoom: Sendable {
    /// Bytes of a file system that anybody may still take, and all it has.
    struct Reading: Sendable {
        var free: UInt64
        var size: UInt64
    }

    /// Both hold: 5 GiB and a tenth.
    static let usual = CacheRoom(bytes: 5 << 30, percent: 10)

    var bytes: UInt64
    var percent: UInt64
    /// Blocks of the file between two looks.
    var interval: UInt64 = 64
    var read: @Sendable (String) throws -> Reading = { try CacheRoom.reading($0) }

    /// - Parameters:
    ///   - path: of anything on the file system.
    ///   - needs: bytes that the file may still take.
    /// - Throws: ``CacheFailure/noRoom(free:stays:needs:)``.
    func check(_ path: String, needs: UInt64) throws {
        let system = try read(path)
        let stays = max(bytes, system.size / 100 * percent)
        guard system.free >= stays, system.free - stays >= needs else {
            throw CacheFailure.noRoom(free: system.free, stays: stays, needs: needs)
        }
    }

    static func reading(_ path: String) throws -> Reading {
        var system = statvfs()
        guard statvfs(path, &system) == 0 else { throw SystemFailure(errno) }
        let unit = UInt64(system.f_frsize)
        return Reading(
            free: UInt64(system.f_bavail) * unit,
            size: UInt64(system.f_blocks) * unit
        )
    }
}
