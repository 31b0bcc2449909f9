import Testing

/// The journal's appending path takes no lock and waits for nobody: whoever decides is never held up by the disk.
///
/// A stream's first announcement is not on it: `StreamTable` has a lock, and a stream is looked up once.
@Suite struct LockTests {
    /// What holds a thread up.
    static let forbidden: Set<String> = [
        "Mutex", "withLock", "withLockIfAvailable", "lock", "unlock", "NSLock",
        "pthread_mutex_lock", "pthread_rwlock_rdlock", "pthread_rwlock_wrlock", "pthread_cond_wait",
        "sem_wait", "sem_timedwait", "Gate", "wait", "usleep", "nanosleep", "sched_yield", "poll",
        "fsync", "fdatasync", "pwrite", "pread", "DispatchSemaphore", "DispatchQueue",
    ]

    /// Files in which no line may say any of it, and functions of files that have more than this path.
    static let path: [(file: String, functions: [String]?)] = [
        ("RecordQueue.swift", nil),
        ("Apart.swift", nil),
        (
            "Recorder.swift",
            ["append", "check", "mayTake", "hasRoom", "beginStep", "endStep", "next", "lastTime"]
        ),
        ("Progress.swift", ["appended", "isOpen", "isFailed", "isShort"]),
        ("Bell.swift", ["appended", "ring"]),
    ]

    @Test func `no lock and no wait is on the way of a record into the queue`() throws {
        let files = try SourceTree().files
        for (name, functions) in Self.path {
            let file = try #require(files.first { $0.path == "Sources/Journal/Writing/" + name })
            guard let functions else {
                for found in Self.locks(in: file.code[...]) {
                    Issue.record("\(file.path):\(found.line): \(found.word) on the appending path")
                }
                continue
            }
            for function in functions {
                let bodies = Self.bodies(of: function, in: file.code)
                #expect(!bodies.isEmpty, "\(file.path) has no \(function) any more")
                for found in bodies.flatMap({ Self.locks(in: $0) }) {
                    Issue.record("\(file.path):\(found.line): \(found.word) in \(function)")
                }
            }
        }
    }

    /// What `append` calls is on the list above: a call of something else has to be looked at, and named there.
    @Test func `append calls nothing that is not on the list`() throws {
        let files = try SourceTree().files
        let file = try #require(files.first { $0.path == "Sources/Journal/Writing/Recorder.swift" })
        let known = Set(Self.path.flatMap { $0.functions ?? [] })
            .union(["room", "publish", "refusal"])
            // Of the standard library, and of memory.
            .union([
                "max", "UInt64", "UInt32", "Int", "SequenceNumber", "storeBytes", "copyMemory",
                "get", "success", "failure", "withUnsafeBytes",
            ])
        for name in ["append", "check", "mayTake"] {
            for body in Self.bodies(of: name, in: file.code) {
                for call in Self.calls(in: body) where !known.contains(call.word) {
                    Issue.record("\(file.path):\(call.line): \(name) calls \(call.word)")
                }
            }
        }
    }

    @Test(arguments: [
        "        waiters.withLock { $0.count += 1 }", "    private let lock = Mutex(0)",
        "        guard sem_wait(semaphore) == 0 else { return }", "        gate.wait()",
    ])
    func `a lock and a wait would be found`(line: String) {
        let code = ["struct A {", "    func append() {", line, "    }", "}"]
        let found = Self.bodies(of: "append", in: code).flatMap(Self.locks)
        #expect(Set(found.map(\.line)) == [3])
    }

    @Test func `a body ends where its brace closes, and a call is known by its parenthesis`() {
        let code = [
            "func append() {", "    if a { b() }", "}", "func other() { c.withLock {} }",
            "var append: Int { d.e(f) }",
        ]
        let bodies = Self.bodies(of: "append", in: code)
        #expect(bodies.map(\.startIndex) == [0, 4])
        #expect(bodies.flatMap(Self.calls).map(\.word) == ["b", "e"])
    }

    private static func locks(in lines: ArraySlice<String>) -> [(line: Int, word: String)] {
        lines.indices.flatMap { place in
            CoreTests.words(of: lines[place]).filter { forbidden.contains($0) }
                .map { (line: place + 1, word: $0) }
        }
    }

    /// Names before a parenthesis, the declaration's own and words of the language left out.
    private static func calls(in lines: ArraySlice<String>) -> [(line: Int, word: String)] {
        var found: [(line: Int, word: String)] = []
        for place in lines.indices {
            var word = ""
            var before = ""
            for character in lines[place] {
                if character.isLetter || character.isNumber || character == "_" {
                    word.append(character)
                    continue
                }
                let isLanguage = ["if", "guard", "while", "for", "switch", "throws", "catch"]
                    .contains(word)
                if character == "(", !word.isEmpty, before != "func", !isLanguage {
                    found.append((place + 1, word))
                }
                if !word.isEmpty { before = word }
                word = ""
            }
        }
        return found
    }

    /// Each function or property with this name, from its declaration to the brace that closes it.
    private static func bodies(of name: String, in lines: [String]) -> [ArraySlice<String>] {
        lines.indices.compactMap { start -> ArraySlice<String>? in
            let words = CoreTests.words(of: lines[start])
            guard
                let keyword = words.firstIndex(where: { $0 == "func" || $0 == "var" }),
                keyword + 1 < words.count, words[keyword + 1] == name
            else { return nil }
            var depth = 0
            var hasBegun = false
            for place in start..<lines.count {
                for character in lines[place] {
                    if character == "{" {
                        depth += 1
                        hasBegun = true
                    }
                    if character == "}" { depth -= 1 }
                }
                if hasBegun, depth == 0 { return lines[start...place] }
            }
            return nil
        }
    }
}
