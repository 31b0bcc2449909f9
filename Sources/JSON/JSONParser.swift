internal import CSimdjson

/// Reads JSON texts, one after another, with memory that is used again.
///
/// One parser per thread. Values are cursors into the parser's memory and into the text: they hold inside the
/// closure that ``read(_:_:)`` calls, and nowhere else.
///
/// - Range: 64 MiB a text, 64 containers deep.
public final class JSONParser {
    let native: OpaquePointer?

    public init() {
        precondition(JSONParser.nodesMatch, "a node here is laid out as the shim's")
        native = tdj_parser_create()
    }

    deinit {
        tdj_parser_destroy(native)
    }

    /// Reads one JSON text and hands its root to `body`.
    ///
    /// - Throws: ``JSONError`` when the bytes are not one JSON text, and what `body` throws.
    public func read<Result>(
        _ text: UnsafeRawBufferPointer,
        _ body: (JSONValue) throws -> Result
    ) throws -> Result {
        try body(try root(text))
    }

    public func read<Result>(
        _ text: [UInt8],
        _ body: (JSONValue) throws -> Result
    ) throws -> Result {
        try text.withUnsafeBytes { bytes in try body(try root(bytes)) }
    }

    public func read<Result>(
        _ text: String,
        _ body: (JSONValue) throws -> Result
    ) throws -> Result {
        try read(Array(text.utf8), body)
    }

    /// The root of `text`, which holds until the parser reads again and as long as `text` stays where it is.
    ///
    /// For code that keeps both alive itself; ``read(_:_:)`` is the safe way.
    public func root(_ text: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
        guard let native else { throw JSONError(.outOfMemory, offset: 0) }
        guard let base = text.baseAddress, !text.isEmpty else {
            throw JSONError(.syntax("the text is empty"), offset: 0)
        }
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        var nodes: UnsafePointer<tdj_node>?
        var count: UInt32 = 0
        var offset = 0
        let status = tdj_parse(native, bytes, text.count, &nodes, &count, &offset)
        guard status == Int32(TDJ_OK.rawValue), let nodes else {
            throw JSONError(JSONParser.reason(status), offset: offset)
        }
        let bound = UnsafeRawPointer(nodes).assumingMemoryBound(to: JSONNode.self)
        return JSONValue(nodes: bound, text: base, index: 0)
    }

    private static func reason(_ status: Int32) -> JSONError.Reason {
        switch tdj_status(rawValue: UInt32(bitPattern: status)) {
        case TDJ_EMPTY: .syntax("the text is empty")
        case TDJ_NOT_UTF8: .notUTF8
        case TDJ_UNCLOSED_STRING: .syntax("a string is not closed")
        case TDJ_CONTROL_CHARACTER: .syntax("a string holds a control character")
        case TDJ_CUT_SHORT: .syntax("the text is cut short")
        case TDJ_BAD_NUMBER: .syntax("a number is malformed")
        case TDJ_BAD_LITERAL: .syntax("a word is neither true, false nor null")
        case TDJ_BAD_ESCAPE: .syntax("a string has a bad escape")
        case TDJ_TRAILING: .syntax("something follows the text")
        case TDJ_TOO_DEEP: .tooDeep
        case TDJ_TOO_LARGE: .tooLarge
        case TDJ_NO_MEMORY: .outOfMemory
        default: .syntax("a bracket, comma or colon is out of place")
        }
    }

    /// True when a node here and in the shim has the same fields in the same places.
    private static let nodesMatch: Bool =
        MemoryLayout<JSONNode>.stride == MemoryLayout<tdj_node>.stride
        && MemoryLayout<JSONNode>.offset(of: \.keyLength)
            == MemoryLayout<tdj_node>.offset(of: \.key_length)
        && MemoryLayout<JSONNode>.offset(of: \.count) == MemoryLayout<tdj_node>.offset(of: \.count)
        && MemoryLayout<JSONNode>.offset(of: \.kind) == MemoryLayout<tdj_node>.offset(of: \.kind)
        && MemoryLayout<JSONNode>.offset(of: \.flags) == MemoryLayout<tdj_node>.offset(of: \.flags)
        && MemoryLayout<JSONNode>.offset(of: \.depth) == MemoryLayout<tdj_node>.offset(of: \.depth)
}
