import Foundation
import Testing

/// What the pure core may not say: clocks, chance, I/O, locks, concurrency, binary floating point.
@Suite struct CoreTests {
    static let core: Set<String> = ["Market", "JSON", "Bybit", "Trading", "Simulation", "Watch"]

    static let forbidden: [String: String] = [
        "Double": "binary floating point",
        "Float": "binary floating point",
        "async": "concurrency",
        "await": "concurrency",
        "actor": "concurrency",
        "Mutex": "a lock",
        "ContinuousClock": "a clock",
        "SuspendingClock": "a clock",
        "SystemRandomNumberGenerator": "chance",
        "random": "chance",
        "shuffled": "chance",
        "Hasher()": "a hash whose seed changes with each process",
        "hashValue": "a hash whose seed changes with each process",
        "getenv": "the environment",
        "print": "output",
    ]

    @Test func `the core has no clock, chance, lock, concurrency or floating point`() throws {
        let tree = try SourceTree()
        for file in tree.files where Self.core.contains(file.module) {
            for (index, line) in file.code.enumerated() {
                for word in Self.words(of: line) {
                    guard let what = Self.forbidden[word] else { continue }
                    // The canonical encoding names the two types in order to refuse them.
                    if what == "binary floating point",
                        file.path.hasPrefix("Sources/Trading/Canonical/")
                    {
                        continue
                    }
                    Issue.record("\(file.path):\(index + 1): \(word) is \(what)")
                }
            }
        }
    }

    @Test(arguments: [
        ("let x: Double = 1", ["let", "x", "Double", "1"]),
        ("Int.random(in: 0...3)", ["Int", "random", "in", "0", "3"]),
    ])
    func `a line is cut into words`(line: String, words: [String]) {
        #expect(Self.words(of: line) == words)
    }

    @Test func `a file is read in a sitting`() throws {
        for file in try SourceTree().files {
            #expect(
                file.lines.count <= 600,
                "\(file.path) has \(file.lines.count) lines: split it by subject"
            )
        }
    }

    @Test func `the top has the folders that the project has, and no others`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root.path)
            .filter { !$0.hasPrefix(".") }
        for name in names {
            var isFolder: ObjCBool = false
            let path = SourceTree.root.appending(path: name).path
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            guard isFolder.boolValue else { continue }
            // `recordings` is what a user's own runs leave here; git ignores it.
            #expect(["Sources", "Tests", "Fixtures", "Tools", "recordings"].contains(name))
        }
    }

    static func words(of line: String) -> [String] {
        line.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") }).map(String.init)
    }
}
