import Glibc
import Journal
import Market

/// Power cuts of a real file system: a recorder on ext4 in a loop device, stopped, and the file system shut down
/// without a flush.
struct Ext4 {
    let settings: Settings
    var report: Report
    private var dice: Dice
    private let directory: String

    init(_ settings: Settings) {
        self.settings = settings
        report = Report("ext4", settings)
        dice = Dice(settings.seed, 6)
        directory = (settings.directory ?? "/tmp") + "/torture-ext4-\(getpid())"
    }

    /// - Returns: why it cannot be tried here; `nil` when it was.
    mutating func run() -> String? {
        guard geteuid() == 0 else { return "not root" }
        // In a name space of our own: a mount that another one copies is busy there, and stays shut down.
        guard leave(0x20000) == 0, Ext4.call("mount", "--make-rprivate", "/") else {
            return "no mount name space of our own"
        }
        let files = SystemFiles()
        try? files.makeDirectory(directory + "/mount")
        defer { Kill.remove(directory) }
        let disk = directory + "/disk"
        guard Ext4.call("truncate", "-s", "64M", disk), Ext4.call("mkfs.ext4", "-q", "-F", disk)
        else { return "mkfs.ext4 is missing" }
        guard mount() else { return "loop devices cannot be mounted here" }
        Ext4.call("umount", directory + "/mount")
        var place = Place(seed: 0)
        for cut in 0..<settings.amount(short: 3, long: 200) where !report.isFull {
            if cut % 10 == 0 || place.isOver {
                guard mount() else { return "the disk cannot be mounted again" }
                if !place.name.isEmpty { Kill.remove(directory + "/mount/" + place.name) }
                Ext4.call("umount", directory + "/mount")
                place = Place(name: "r\(cut)", seed: dice.next() >> 1)
                place.isOver = false
            }
            if let reason = self.cut(&place) { return reason }
        }
        return nil
    }

    private struct Place {
        var name = ""
        var seed: UInt64
        var last: UInt64 = 0
        var isOver = true
    }

    private func mount() -> Bool {
        Ext4.call("mount", "-o", "loop", directory + "/disk", directory + "/mount")
    }

    /// One life and a power cut in it.
    private mutating func cut(_ place: inout Place) -> String? {
        guard mount() else { return "the disk cannot be mounted again" }
        let path = directory + "/mount/" + place.name
        let plan = Child.Plan(
            path: path,
            seed: place.seed,
            steps: 1_000_000,
            fatal: 0,
            moment: .before,
            seals: false
        )
        guard var victim = Victim(plan) else { return "a process cannot be started" }
        if victim.listenUntilOpening() {
            // The start of a process takes its time; a cut before anything is durable says little.
            var naps = 0
            while victim.durable <= place.last, naps < 1000, victim.listen(microseconds: 10_000) {
                naps += 1
            }
            victim.listen(microseconds: dice.below(60_000))
        }
        // What is acknowledged while the disk goes away would be judged wrongly: it stops first.
        victim.stop()
        let isDown = shutDown()
        let status = victim.end(kills: true)
        guard Ext4.call("umount", directory + "/mount") else { return "the disk is busy" }
        guard isDown else { return "the file system does not take the shutdown call" }
        guard mount() else { return "the disk cannot be mounted again" }
        defer { Ext4.call("umount", directory + "/mount") }
        report.count("cuts")
        if victim.durable > place.last {
            report.count("with_durable_records")
            report.count("durable", Int(victim.durable - place.last))
        }
        if victim.hasStopped || victim.hasEnded {
            report.find("the recorder ended by itself (\(status))", at: "seed \(place.seed)")
            place.isOver = true
        }
        let promise = Promise(
            kept: max(place.last, victim.durable),
            given: max(place.last, victim.given)
        )
        let verdict = Judge(script: Script(seed: place.seed)).judge(path, SystemFiles(), promise)
        if let finding = verdict.finding {
            report.find(
                finding,
                at: "seed \(place.seed) (\(status))",
                image: Image(directory: path)
            )
            place.isOver = true
        }
        report.count("records", Int(verdict.last - min(verdict.last, place.last)))
        place.last = verdict.last
        return nil
    }

    /// EXT4_IOC_SHUTDOWN without a flush of the log.
    private func shutDown() -> Bool {
        let file = open(directory + "/mount", O_RDONLY)
        guard file >= 0 else { return false }
        defer { close(file) }
        var flag: UInt32 = 2
        // _IOR('X', 125, __u32)
        return ioctl(file, 0x8004_587d, &flag) == 0
    }

    @discardableResult
    private static func call(_ words: String...) -> Bool {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var child: pid_t = 0
        guard posix_spawnp(&child, words[0], &actions, nil, &arguments, environ) == 0 else {
            return false
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }
}

/// `unshare`, which the Glibc module does not have; `CLONE_NEWNS` is 0x20000.
@_silgen_name("unshare")
private func leave(_ flags: Int32) -> Int32
