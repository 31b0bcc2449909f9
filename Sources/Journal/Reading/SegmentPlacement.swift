import Market

/// Which file of a directory holds which segment, where the names do not say it.
///
/// A segment says itself what its first number is. A file under another's name is read as what it is; a second file of
/// a segment is not read. Both are told.
struct SegmentPlacement: Sendable {
    /// By a segment's name: the file that holds it instead.
    private(set) var files: [String: String] = [:]
    /// Files with a segment's name that are another segment.
    private(set) var misnamed: Set<String> = []
    /// Files that claim to be part of the recording by their name, or are one by what they hold.
    private(set) var damage: [JournalError] = []
    /// Files under other names that nobody needs.
    private(set) var strays: [JournalError] = []

    /// Every segment is where its name says.
    static let plain = SegmentPlacement()

    private init() {}

    /// Reads the heads of all MCAP files in the directory.
    init(_ directory: RecordingDirectory) throws(JournalError) {
        var right: Set<String> = []
        var id: String?
        var others: [(file: String, head: SegmentHead?)] = []
        for file in try directory.mcapNames() {
            let head = try? SegmentFile(file, in: directory, headOnly: true).head
            let hasSegmentName = RecordingDirectory.firstNumber(ofSegment: file) != nil
            // Whose head does not read is what its name says.
            if hasSegmentName, head.map({ $0.name == file }) ?? true {
                right.insert(file)
                id = id ?? head?.id
            } else {
                others.append((file, head))
                if hasSegmentName { misnamed.insert(file) }
            }
        }
        id = id ?? others.lazy.compactMap(\.head?.id).first
        for (file, head) in others {
            let place = directory.place(file)
            if let head, head.id == id, !right.contains(head.name), files[head.name] == nil {
                files[head.name] = file
                damage.append(JournalError(.misnamed(segment: head.name), file: place))
                continue
            }
            let error = JournalError(.surplus(SegmentPlacement.words(head, id)), file: place)
            if misnamed.contains(file) { damage.append(error) } else { strays.append(error) }
        }
    }

    private static func words(_ head: SegmentHead?, _ id: String?) -> String {
        guard let head else { return "no segment of the recording" }
        return head.id == id
            ? "a second file of segment \(head.name)"
            : "a segment of recording `\(head.id)`"
    }
}

extension SegmentHead {
    /// The name that its file must have.
    var name: String { RecordingDirectory.segmentName(first) }
}

extension RecordingDirectory {
    /// The same directory, read with each segment where its head says.
    func placed() throws(JournalError) -> RecordingDirectory {
        var directory = self
        directory.placement = try SegmentPlacement(self)
        return directory
    }
}

extension SegmentFile {
    /// What is told of a file whose head is that of another segment than its name says.
    static func misplaced(
        _ head: SegmentHead,
        in directory: RecordingDirectory
    ) -> JournalError.Reason {
        let own = try? SegmentFile(head.name, in: directory, headOnly: true).head
        return own?.first == head.first
            ? .surplus("a second file of segment \(head.name)") : .misnamed(segment: head.name)
    }
}
