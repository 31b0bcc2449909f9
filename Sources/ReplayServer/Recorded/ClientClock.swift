import Glibc
import Market
import Synchronization

/// The virtual clock of a bot: a file that both map into memory.
///
/// The server says what time it is, and when each thread that sleeps may go on; so nothing of the recording is behind
/// or ahead of the bot, however fast it is played. Words are 64-bit, of the machine's own byte order:
///
/// | Word | Who writes | What |
/// | --- | --- | --- |
/// | 0 | server | `TDCLOCK1` |
/// | 1 | server | the time, nanoseconds since 1970 |
/// | 2 | bot | 1 once its clock is replaced |
/// | 3 | server | 1 once the server is gone: the bot's own clock counts again |
/// | 8 + 8 n | bot | place n: its thread's id; 0 is free |
/// | 9 + 8 n | bot | how often it has begun to sleep |
/// | 10 + 8 n | bot | until when it sleeps; 0 while it does not |
/// | 11 + 8 n | server | the last sleep that is over |
final class ClientClock {
    static let places = 256
    static let words = 8 + 8 * places
    private let base: UnsafeMutableRawPointer
    let path: String

    /// Makes the file.
    init(path: String, time: Timestamp) throws(ServerError) {
        self.path = path
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .file(path, reason: String(cString: strerror(errno))) }
        defer { close(file) }
        let size = ClientClock.words * 8
        guard ftruncate(file, off_t(size)) == 0,
            let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
            base != MAP_FAILED
        else { throw .file(path, reason: String(cString: strerror(errno))) }
        self.base = base
        self.time = time
        store(1, time.nanoseconds)
        let magic = Array("TDCLOCK1".utf8)
        base.copyMemory(from: magic, byteCount: 8)
    }

    deinit {
        store(3, 1)
        munmap(base, ClientClock.words * 8)
        unlink(path)
    }

    /// What the bot's clock shows; it never goes back.
    private(set) var time: Timestamp

    func move(to time: Timestamp) {
        guard time > self.time else { return }
        self.time = time
        store(1, time.nanoseconds)
    }

    var isUsed: Bool { load(2) != 0 }

    /// A thread that sleeps.
    struct Sleeper: Hashable {
        var place: Int
        var sleep: Int64
        var until: Timestamp
    }

    var sleepers: [Sleeper] {
        var found: [Sleeper] = []
        for place in 0..<ClientClock.places {
            let word = 8 + 8 * place
            guard load(word) != 0 else { continue }
            let until = load(word + 2)
            let sleep = load(word + 1)
            guard until != 0, load(word + 3) != sleep else { continue }
            found.append(Sleeper(place: place, sleep: sleep, until: Timestamp(nanoseconds: until)))
        }
        return found
    }

    /// How often any thread has begun to sleep.
    var sleeps: Int64 {
        (0..<ClientClock.places).reduce(0) { $0 &+ load(8 + 8 * $1 + 1) }
    }

    func wake(_ sleeper: Sleeper) { store(8 + 8 * sleeper.place + 3, sleeper.sleep) }

    /// Whether the thread sleeps again.
    func hasSettled(_ sleeper: Sleeper) -> Bool {
        let word = 8 + 8 * sleeper.place
        return load(word + 1) != sleeper.sleep && load(word + 2) != 0
    }

    private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<Int64>> {
        (base + index * 8).assumingMemoryBound(to: Atomic<Int64>.self)
    }

    private func load(_ index: Int) -> Int64 { word(index).pointee.load(ordering: .acquiring) }

    private func store(_ index: Int, _ value: Int64) {
        word(index).pointee.store(value, ordering: .releasing)
    }
}
