import JSON
import Market

/// A report of the state as it is recorded, and what two of them have to say to each other.
struct StateComparison {
    private struct Component {
        var name: String
        var version: Int64
        var hash: String
    }

    /// Components of one encoding version on both sides that are not equal.
    private(set) var differing: [String] = []
    /// `name recorded-version our-version`; `-` where one side has no such component.
    private(set) var uncompared: [String] = []
    private(set) var compared = 0
    /// All outputs before were the same.
    let isRollingEqual: Bool

    /// - Returns: `nil` where one of the two is no report.
    init?(recorded: UnsafeRawBufferPointer, replayed: [UInt8], _ parser: JSONParser) {
        guard let theirs = StateComparison.components(recorded, parser),
            let ours = replayed.withUnsafeBytes({ StateComparison.components($0, parser) })
        else { return nil }
        isRollingEqual =
            StateComparison.rollingHash(recorded, parser)
            == replayed.withUnsafeBytes { StateComparison.rollingHash($0, parser) }
        for component in theirs {
            guard let match = ours.first(where: { $0.name == component.name }) else {
                uncompared.append("\(component.name) \(component.version) -")
                continue
            }
            guard match.version == component.version else {
                uncompared.append("\(component.name) \(component.version) \(match.version)")
                continue
            }
            compared += 1
            if match.hash != component.hash { differing.append(component.name) }
        }
        for component in ours where !theirs.contains(where: { $0.name == component.name }) {
            uncompared.append("\(component.name) - \(component.version)")
        }
    }

    private static func components(
        _ payload: UnsafeRawBufferPointer,
        _ parser: JSONParser
    ) -> [Component]? {
        // The parser reads a little behind the text.
        let copy = Array(payload)
        do throws(JSONError) {
            return try parser.parse(copy) { root throws(JSONError) in
                var components: [Component] = []
                for row in try root.required("components").elements {
                    components.append(
                        Component(
                            name: try row.string("name"),
                            version: try row.int64("version"),
                            hash: try row.string("hash")
                        )
                    )
                }
                return components
            }
        } catch {
            return nil
        }
    }

    /// The version of each component in a report, by name; empty where the payload is none.
    static func versions(
        _ payload: UnsafeRawBufferPointer,
        _ parser: JSONParser
    ) -> [(name: String, version: Int64)] {
        (components(payload, parser) ?? []).map { ($0.name, $0.version) }
    }

    /// The rolling hash of a report.
    static func rollingHash(_ payload: UnsafeRawBufferPointer, _ parser: JSONParser) -> String? {
        let copy = Array(payload)
        do throws(JSONError) {
            return try parser.parse(copy) { root throws(JSONError) in
                try root.string("rolling_hash")
            }
        } catch {
            return nil
        }
    }
}
