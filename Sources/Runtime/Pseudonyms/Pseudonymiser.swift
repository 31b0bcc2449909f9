import Bybit
import JSON
public import Journal
public import Market
public import Trading

/// Puts other ids in the place of all that say whose a recording is.
///
/// Every id of account, orders, fills, connections, traces, messages and keys, one to one, wherever it stands, public
/// trades included. Amounts, prices and times stay.
///
/// The copy replays as the recording did: the session gets another name, from which the engine makes the very order ids
/// that stand in the copy, and what the engine says of its own state and what it finds is said anew.
public final class Pseudonymiser {
    /// A text that somebody wrote and that may say more than it should; it stays as it is.
    public struct FreeText: Hashable, Sendable {
        public var stream: String
        public var name: String
        public var text: String
    }

    private var pseudonyms = Pseudonyms()
    private let registry: StrategyRegistry
    private let parser = JSONParser()
    private var made: EngineStart?
    private var outputs = Outputs()
    /// What the engine said of the last record that was fed to it, until its place comes.
    private var states: [[UInt8]] = []
    private var findings: [[UInt8]] = []
    private var routes: [StreamID: StreamRoute] = [:]
    /// In the order of the first, each once; at most ``mostTexts``.
    public private(set) var freeTexts: [FreeText] = []
    /// Texts behind those, each counted once.
    public private(set) var furtherTexts = 0
    private var knownTexts: Set<FreeText> = []
    static let mostTexts = 200
    /// The engine could not be made: nothing will be said anew.
    public private(set) var limit: ReplayError?

    public var count: Int { pseudonyms.count }

    /// - Parameter registry: the strategies of this program; with one that is missing, the copy is for reading.
    public init(registry: StrategyRegistry) { self.registry = registry }

    // MARK: First pass

    /// Learns all ids of a recording.
    public func learn(_ recording: Recording) throws(JournalError) {
        let cursor = try recording.cursor()
        while let record = try cursor.next() {
            let name = cursor.name(of: record.stream)
            switch name.kind {
            case .sessionStart:
                if let start = try? SessionStart(payload: record.payload, parser: parser) {
                    pseudonyms.add(start)
                }
            case .publicTopic(_, let topic) where topic.hasPrefix("publicTrade"):
                learn(record.payload, ["i"])
            case .rest(let account, _, let path):
                learn(account: account)
                let trades = path.hasSuffix("/recent-trade") || account != "public"
                learn(record.payload, trades ? Pseudonyms.names : ["connId", "traceId"])
                noteFreeText(record.payload, name)
            case .privateTopic(let account, _), .privateOther(let account), .trade(let account):
                learn(account: account)
                learn(record.payload, Pseudonyms.names)
                noteFreeText(record.payload, name)
            case .publicOther: learn(record.payload, Pseudonyms.names)
            case .sent(let rest):
                let words = rest.split(separator: "/")
                if words.first == "rest" || words.first == "private" || words.first == "trade",
                    words.count > 1
                {
                    learn(account: StreamName(String(words[1])).base)
                }
                learn(record.payload, Pseudonyms.names)
            case .operatorRequest, .sessionEnd: noteFreeText(record.payload, name)
            default: continue
            }
        }
    }

    /// An alias that is a key's fingerprint; other aliases are names that somebody chose.
    private func learn(account: String) {
        let digits = account.dropFirst()
        guard account.hasPrefix("k"), digits.count == 8,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return }
        pseudonyms.add(fingerprint: String(digits))
    }

    private func learn(_ payload: UnsafeRawBufferPointer, _ names: Set<String>) {
        PayloadTokens.each(payload) { word in
            guard !word.isName, word.isWhole, names.contains(word.name) else { return }
            let text = String(decoding: payload[word.range], as: UTF8.self)
            guard text != "null", text != "true", text != "false" else { return }
            if word.name == "key", text.utf8.count == 8 {
                pseudonyms.add(fingerprint: text)
            } else {
                pseudonyms.add(text)
            }
        }
    }

    private static let freeNames: Set<String> = [
        "note", "reason", "remark", "label", "retMsg", "ret_msg", "address", "tag", "comment",
    ]

    private func noteFreeText(_ payload: UnsafeRawBufferPointer, _ stream: StreamName) {
        let start = payload.firstIndex(of: UInt8(ascii: "{")) ?? payload.endIndex
        var line = payload[start...]
        if case .rest = stream.kind {
            line = payload.firstIndex(of: UInt8(ascii: "\n")).map { payload[($0 + 1)...] } ?? line
        }
        do throws(JSONError) {
            try parser.parse(Array(line)) { root throws(JSONError) in note(root, stream) }
        } catch {
            // Two bodies behind one another: the exchange's words are in the second.
            return
        }
    }

    private func note(_ value: JSONValue, _ stream: StreamName) {
        for member in value.elements {
            if member.isObject || member.isArray {
                note(member, stream)
            } else if Self.freeNames.contains(member.key), let text = member.string, !text.isEmpty,
                !["OK", "success", "SUCCESS", "subscribe", "pong"].contains(text)
            {
                let item = FreeText(stream: stream.text, name: member.key, text: text)
                guard knownTexts.insert(item).inserted else { continue }
                if freeTexts.count < Self.mostTexts {
                    freeTexts.append(item)
                } else {
                    furtherTexts += 1
                }
            }
        }
    }

    // MARK: Second pass

    /// A stream's name in the copy.
    public func rename(_ stream: StreamName) -> StreamName {
        let words = stream.text.split(separator: "/", omittingEmptySubsequences: false).map {
            word -> String in
            let parts = StreamName(String(word))
            let suffix = parts.slot > 1 ? "@\(parts.slot)" : ""
            return (pseudonyms.anywhere(parts.base) ?? parts.base) + suffix
        }
        return StreamName(words.joined(separator: "/"))
    }

    /// A recording's id in the copy: its session's new name.
    public func rename(recording id: String) -> String { pseudonyms.session(id) }

    /// A record's payload in the copy; records come in order, from the recording's first on.
    public func rewrite(_ record: Record, _ stream: StreamName) -> [UInt8] {
        var payload = replaced(record.payload, stream)
        let renamed = rename(stream)
        switch stream.kind {
        case .state:
            if !states.isEmpty { payload = states.removeFirst() }
        case .finding: payload = saidAnew(record.payload) ?? payload
        case let kind where kind.isOutput || kind.isEvidence: break
        default: feed(payload, record, renamed)
        }
        return payload
    }

    /// What a slice begins with that does not begin with the recording: the state before its first record.
    ///
    /// All records before it have been rewritten.
    public func checkpoint() -> [UInt8] {
        guard let made, limit == nil else { return [] }
        return (try? SegmentCheckpoint.encode(made.start, made.stepper.engine)) ?? []
    }

    /// What the engine says where a finding was recorded: it alone knows whether a number in its words is an id or a figure.
    ///
    /// - Returns: `nil` where it does not say the same but for ids, as where another version recorded it.
    private func saidAnew(_ finding: UnsafeRawBufferPointer) -> [UInt8]? {
        let place = findings.firstIndex { said in
            said.withUnsafeBytes { pseudonyms.isCopy($0, of: finding) }
        }
        guard let place else { return nil }
        defer { findings.removeSubrange(...place) }
        return findings[place]
    }

    private func feed(_ payload: [UInt8], _ record: Record, _ stream: StreamName) {
        states.removeAll()
        findings.removeAll()
        guard limit == nil else { return }
        payload.withUnsafeBytes { bytes in
            var copy = record
            copy.payload = bytes
            if stream.kind == .sessionStart {
                do throws(ReplayError) {
                    made = try EngineStart(
                        copy,
                        after: made?.stepper,
                        registry: registry,
                        parser: parser
                    )
                } catch {
                    limit = error
                    return
                }
            }
            guard made != nil else {
                limit = .noStart(record.sequence)
                return
            }
            let route = routes[record.stream] ?? StreamRoute(stream)
            routes[record.stream] = route
            outputs.removeAll()
            made?.stepper.step(
                RecordHeader(sequence: record.sequence, time: record.time, stream: stream),
                route: route,
                payload: bytes,
                outputs: &outputs
            )
        }
        guard limit == nil else { return }
        for place in outputs.elements.indices {
            switch outputs.elements[place] {
            case .state: states.append(outputs.payload(place))
            case .finding: findings.append(outputs.payload(place))
            case .command, .verdict: continue
            }
        }
    }

    private func replaced(_ payload: UnsafeRawBufferPointer, _ stream: StreamName) -> [UInt8] {
        let names = Self.names(of: stream)
        let isOfAccount = Self.isReplyToAccount(stream)
        var out: [UInt8] = []
        out.reserveCapacity(payload.count)
        var copied = 0
        PayloadTokens.each(payload) { word in
            guard !word.isName else { return }
            let text = String(decoding: payload[word.range], as: UTF8.self)
            if isOfAccount, Pseudonyms.blanked.contains(word.name), text != "null" {
                out.append(contentsOf: payload[copied..<word.range.lowerBound])
                out.append(contentsOf: Pseudonyms.zeros(text))
                copied = word.range.upperBound
                return
            }
            let isID = word.isWhole && names.contains(word.name)
            let whole = isID ? pseudonyms.whole(text, named: word.name) : nil
            guard let new = whole ?? pseudonyms.anywhere(text) else { return }
            out.append(contentsOf: payload[copied..<word.range.lowerBound])
            out.append(contentsOf: new.utf8)
            copied = word.range.upperBound
        }
        out.append(contentsOf: payload[copied...])
        return stream.kind == .sessionStart ? restarted(out) : out
    }

    private static func isReplyToAccount(_ stream: StreamName) -> Bool {
        guard case .rest(let account, _, _) = stream.kind else { return false }
        return account != "public"
    }

    /// Under which names this stream says ids.
    private static func names(of stream: StreamName) -> Set<String> {
        switch stream.kind {
        case .publicTopic(_, let topic): topic.hasPrefix("publicTrade") ? ["i"] : []
        case .privateTopic, .privateOther, .trade, .rest, .sent, .publicOther: Pseudonyms.names
        case .command, .verdict: Pseudonyms.deskNames
        case .finding: Pseudonyms.findingNames
        default: []
        }
    }

    private func restarted(_ payload: [UInt8]) -> [UInt8] {
        let start = payload.withUnsafeBytes { bytes in
            try? SessionStart(payload: bytes, parser: parser)
        }
        guard var start else { return payload }
        start.session = pseudonyms.session(start.session)
        // From a session's name its order ids can be computed, whose ends stand in the copy.
        start.continues = start.continues.map { pseudonyms.session($0) }
        return start.payload()
    }

    /// Ids of the recording that still stand in a text of the copy; there are none.
    public func found(in payload: UnsafeRawBufferPointer) -> [String] {
        var found: [String] = []
        PayloadTokens.each(payload) { word in
            let text = String(decoding: payload[word.range], as: UTF8.self)
            if pseudonyms.anywhere(text) != nil { found.append(text) }
        }
        return found
    }
}
