import Bybit
public import Journal
public import Market
import Projections
import Trading

/// Brings a user's projection up to a recording's end.
public struct ProjectionBuild {
    public var progress: (SequenceNumber) -> Void = { _ in }
    /// Stops behind this record, for who wants to go on later; nil: the end.
    public var through: SequenceNumber?
    /// Records between two looks at the clock.
    private static let stride: UInt64 = 256
    /// How long rows gather for one transaction.
    private static let gathering = Duration.milliseconds(80)

    public init() {}

    /// Goes on behind the last record that the table knows, and says where the table is.
    ///
    /// - Returns: the file, and the record that it went on behind.
    @discardableResult
    public func update<Model: Projection>(
        _ recording: Recording,
        with model: Model.Type
    ) throws -> (path: String, behind: SequenceNumber) {
        try ProjectionBuild.check(model)
        try DeskBuild.makeFolder(of: recording.path)
        let path = ProjectionBuild.path(of: recording.path, named: Model.name)
        let file = try ProjectionFile(
            path: path,
            identity: ProjectionFile.Identity(
                name: Model.name,
                version: Model.version,
                recording: recording.id,
                columns: Model.columns
            ),
            last: recording.last
        )
        var state = Model()
        var behind = SequenceNumber.none
        if let checkpoint = file.checkpoint {
            do {
                state = try CanonicalDecoder().decode(Model.self, from: checkpoint.state)
            } catch {
                throw ProjectionError.projection(
                    name: Model.name,
                    reason: "its kept state cannot be read: \(error); raise its version"
                )
            }
            behind = checkpoint.sequence
        }
        do {
            try fold(recording, behind, &state, file)
            try file.close()
        } catch {
            try? file.close()
            throw error
        }
        return (path, behind)
    }

    public static func path(of recording: String, named name: String) -> String {
        "\(recording)/derived/\(name).sqlite"
    }

    private static func check<Model: Projection>(_ model: Model.Type) throws(ProjectionError) {
        let names = [Model.name] + Model.columns.map(\.name)
        for name in names where !isName(name) {
            throw .projection(
                name: Model.name,
                reason:
                    "\"\(name)\" is no name: lower-case letters, digits, _, a letter first, at most 32"
            )
        }
        // A column may be called as its table is.
        let columns = Model.columns.map(\.name)
        guard Model.name != "desk", Set(columns).count == columns.count else {
            throw .projection(name: Model.name, reason: "a name of it is taken")
        }
        guard Model.columns.count > 0 else {
            throw .projection(name: Model.name, reason: "its table has no columns")
        }
    }

    private static func isName(_ name: String) -> Bool {
        guard (1...32).contains(name.utf8.count), let first = name.utf8.first else { return false }
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        return letters.contains(first)
            && name.utf8.allSatisfy {
                letters.contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "_")
            }
    }

    private func fold<Model: Projection>(
        _ recording: Recording,
        _ behind: SequenceNumber,
        _ state: inout Model,
        _ file: ProjectionFile
    ) throws {
        let cursor = try recording.cursor(from: .sequence(max(behind.next, recording.first)))
        let decoder = MessageDecoder()
        let clock = ContinuousClock()
        var event = Event()
        var streams: [StreamID: (name: StreamName, route: StreamRoute)] = [:]
        var rows = ProjectionRows(Model.columns)
        var last = behind
        var began = clock.now
        while let record = try cursor.next() {
            if let through, record.sequence > through { break }
            if streams[record.stream] == nil {
                let name = cursor.name(of: record.stream)
                streams[record.stream] = (name, StreamRoute(name))
            }
            guard let stream = streams[record.stream] else { continue }
            decoder.decode(stream.route, record.payload, into: &event)
            let header = RecordHeader(
                sequence: record.sequence,
                time: record.time,
                stream: stream.name
            )
            do {
                try state.fold(
                    event,
                    of: ProjectedRecord(header: header, payload: record.payload),
                    into: &rows
                )
            } catch {
                throw ProjectionError.projection(
                    name: Model.name,
                    reason: "record \(record.sequence): \(error)"
                )
            }
            if let problem = rows.problem {
                throw ProjectionError.projection(
                    name: Model.name,
                    reason: "record \(record.sequence): \(problem)"
                )
            }
            last = record.sequence
            guard last.value % ProjectionBuild.stride == 0 else { continue }
            progress(last)
            guard clock.now - began >= ProjectionBuild.gathering else { continue }
            try write(state, rows, last, file)
            rows.removeAll()
            began = clock.now
        }
        if last > behind || file.checkpoint == nil { try write(state, rows, last, file) }
    }

    private func write<Model: Projection>(
        _ state: Model,
        _ rows: ProjectionRows,
        _ last: SequenceNumber,
        _ file: ProjectionFile
    ) throws {
        let bytes: [UInt8]
        do {
            bytes = try CanonicalEncoder().checkpoint(state)
        } catch {
            throw ProjectionError.projection(
                name: Model.name,
                reason: "its state cannot be kept: \(error)"
            )
        }
        try file.write(rows.rows, state: bytes, through: last)
    }
}
