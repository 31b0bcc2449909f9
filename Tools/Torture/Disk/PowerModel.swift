import Journal
import Market

/// What a disk may have kept when the power goes: everything synced, and any part of the rest.
///
/// A sector is kept or lost by itself, may be torn inside (new bytes, then old), and one that held nothing but
/// zeros may hold garbage. A size may be any between the synced one and the last. Renames, new names and
/// unlinks are kept or lost one by one until their directory is synced.
struct PowerModel {
    static let sector = 512

    /// Bytes of one sector that one write brought, or a size that an allocation brought.
    struct Part {
        var file: Int
        var offset: Int
        var bytes: [UInt8]
        /// The write it belongs to.
        var write: Int
    }

    private struct File {
        var durable: [UInt8] = []
        /// Of `durable`.
        var hash: UInt64
        var size = 0
        var parts: [Part] = []

        init(_ bytes: [UInt8] = []) {
            durable = bytes
            hash = Mix.sum(bytes)
            size = bytes.count
        }
    }

    private enum NameChange {
        case set(String, Int)
        /// A rename moves a file, whatever else became of the name.
        case move(String, String, Int)
        case remove(String)

        /// The one that the name is in: what it begins with up to its slash, which ends an inner directory's own name.
        var directory: Substring {
            let name: String
            switch self {
            case .set(let to, _), .move(_, let to, _), .remove(let to): name = to
            }
            guard let slash = name.firstIndex(of: "/"), name.index(after: slash) != name.endIndex
            else { return "" }
            return name[...slash]
        }
    }

    private var files: [File] = []
    private var names: [String: Int] = [:]
    private var changes: [NameChange] = []
    private var writes = 0

    init(_ image: Image = Image()) {
        for (name, bytes) in image.files {
            names[name] = files.count
            files.append(File(bytes))
        }
    }

    // MARK: What happened

    mutating func apply(_ kind: DiskCall.Kind) {
        switch kind {
        case .write(let file, let offset, let bytes): write(file, offset, bytes)
        case .allocate(let file, let size): files[file].size = max(files[file].size, size)
        case .sync(let file):
            let isSame = files[file].parts.isEmpty && files[file].durable.count >= files[file].size
            guard !isSame else { return }
            for part in files[file].parts { keep(part, in: &files[file].durable) }
            files[file].durable.extend(to: files[file].size)
            files[file].parts = []
            files[file].hash = Mix.sum(files[file].durable)
        case .failSync(let file):
            // What was written so far never reaches the disk; a later sync is about later writes.
            files[file].parts = []
        case .create(let name, let file):
            while files.count <= file { files.append(File()) }
            changes.append(.set(name, file))
        case .rename(let from, let to, let file): changes.append(.move(from, to, file))
        case .unlink(let name): changes.append(.remove(name))
        case .syncNames(let directory):
            for change in changes where change.directory == directory {
                PowerModel.apply(change, to: &names)
            }
            changes.removeAll { $0.directory == directory }
        }
    }

    private mutating func write(_ file: Int, _ offset: Int, _ bytes: [UInt8]) {
        writes += 1
        var start = offset
        let end = offset + bytes.count
        while start < end {
            let next = min(end, (start / PowerModel.sector + 1) * PowerModel.sector)
            files[file].parts.append(
                Part(
                    file: file,
                    offset: start,
                    bytes: Array(bytes[(start - offset)..<(next - offset)]),
                    write: writes
                )
            )
            start = next
        }
        files[file].size = max(files[file].size, end)
    }

    private static func apply(_ change: NameChange, to names: inout [String: Int]) {
        switch change {
        case .set(let name, let file): names[name] = file
        case .move(let from, let to, let file):
            if names[from] == file { names[from] = nil }
            names[to] = file
        case .remove(let name): names[name] = nil
        }
    }

    private func keep(_ part: Part, in bytes: inout [UInt8]) {
        part.bytes.withUnsafeBytes { bytes.overwrite(at: part.offset, with: $0) }
    }

    // MARK: What may be left

    /// Sectors and changes of names that the disk may have kept or not.
    var open: Int { files.reduce(changes.count) { $0 + $1.parts.count } }

    /// The state in which bit n of `mask` says whether the n-th sector or name was kept.
    ///
    /// - Parameter isLong: files have their last size rather than the smallest that fits.
    func state(mask: UInt64, isLong: Bool) -> Image {
        var bit: UInt64 = 1
        return build(isLong ? .last : .smallest) { _ in
            defer { bit <<= 1 }
            return mask & bit == 0 ? .lost : .kept
        }
    }

    /// Everything kept: what a process started now would see.
    var whole: Image { build(.last) { _ in .kept } }

    /// A state at random; each kind of loss has its turn.
    func state(_ dice: inout Dice) -> Image {
        var dice2 = Dice(dice.next())
        let way = dice.below(8)
        let border = dice.below(writes + 1) + 1
        let special = dice.below(max(1, open))
        let tears = dice.once(in: 3)
        let image = build(dice.once(in: 3) ? .random(Dice(dice.next())) : .likely(dice.once(in: 2)))
        { (place: Place) in
            let isKept =
                switch way {
                case 0: false
                case 1: true
                case 2, 3: place.write < border
                case 4: place.number != special
                case 5: place.number == special
                default: dice2.once(in: 2)
                }
            if way == 2, place.write == border { return dice2.once(in: 2) ? .kept : .lost }
            if tears, place.bytes > 1, dice2.once(in: 4) {
                return dice2.once(in: 3)
                    ? .garbage(dice2.next())
                    : .torn(dice2.within(1...(place.bytes - 1)))
            }
            return isKept ? .kept : .lost
        }
        dice = Dice(dice.next())
        return image
    }

    private struct Place {
        /// Counts sectors, then names.
        var number: Int
        /// 1 …; names come after all writes.
        var write: Int
        /// Of a sector; 0 of a name.
        var bytes: Int
    }

    private enum Fate {
        case lost
        case kept
        /// Only so many of the bytes.
        case torn(Int)
        case garbage(UInt64)
    }

    private enum Size {
        case smallest
        case last
        /// Half the time the one, half the time the other.
        case likely(Bool)
        case random(Dice)
    }

    private func build(_ size: Size, _ fate: (Place) -> Fate) -> Image {
        var contents: [[UInt8]] = []
        var hashes: [UInt64?] = []
        contents.reserveCapacity(files.count)
        hashes.reserveCapacity(files.count)
        var number = 0
        for file in files {
            // Most files are as they were: their bytes are shared, and hashed once.
            var bytes = file.durable
            var isSame = true
            for part in file.parts {
                let place = Place(number: number, write: part.write, bytes: part.bytes.count)
                number += 1
                let fate = fate(place)
                if case .lost = fate { continue }
                isSame = false
                switch fate {
                case .lost: break
                case .kept: keep(part, in: &bytes)
                case .torn(let count):
                    part.bytes[..<count].withUnsafeBytes {
                        bytes.overwrite(at: part.offset, with: $0)
                    }
                case .garbage(let seed): spoil(part, file, seed, &bytes)
                }
            }
            resize(&bytes, file, size)
            isSame = isSame && bytes.count == file.durable.count
            hashes.append(isSame ? file.hash : nil)
            contents.append(bytes)
        }
        var names = names
        for change in changes {
            let fate = fate(Place(number: number, write: writes + 1, bytes: 0))
            number += 1
            if case .kept = fate { PowerModel.apply(change, to: &names) }
        }
        // What is in a directory whose name is lost is lost with it.
        names = names.filter { name, _ in
            guard let slash = name.firstIndex(of: "/") else { return true }
            return names[String(name[...slash])] != nil
        }
        var image = Image(files: names.mapValues { contents[$0] })
        image.hashes = names.compactMapValues { hashes[$0] }
        return image
    }

    /// Garbage only where nothing durable stood in the sector.
    private func spoil(_ part: Part, _ file: File, _ seed: UInt64, _ bytes: inout [UInt8]) {
        let start = part.offset / PowerModel.sector * PowerModel.sector
        let end = min(start + PowerModel.sector, file.durable.count)
        if start < end, file.durable[start..<end].contains(where: { $0 != 0 }) { return }
        var dice = Dice(seed)
        let noise = part.bytes.map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        noise.withUnsafeBytes { bytes.overwrite(at: part.offset, with: $0) }
    }

    private func resize(_ bytes: inout [UInt8], _ file: File, _ size: Size) {
        guard file.size > file.durable.count else { return }
        let wanted: Int
        switch size {
        case .smallest: return
        case .last: wanted = file.size
        case .likely(let isLast):
            guard isLast else { return }
            wanted = file.size
        case .random(var dice):
            wanted = dice.within(file.durable.count...file.size)
        }
        if wanted < bytes.count { bytes.removeLast(bytes.count - wanted) }
        bytes.extend(to: wanted)
    }
}
