/// One field in which two states differ.
public struct FieldDifference: Hashable, Sendable {
    /// Way to the field from the root of the state: `orders[3].filledQuantity`.
    public var path: String
    /// The value as text; `nil` where the state has no such field.
    public var left: String?
    public var right: String?

    public init(path: String, left: String?, right: String?) {
        self.path = path
        self.left = left
        self.right = right
    }

    typealias Leaf = (path: String, text: String)

    /// Compares two walks: the fields of the left in their order, then those that only the right has.
    static func compare(_ left: [Leaf], _ right: [Leaf], limit: Int) -> [FieldDifference] {
        var result: [FieldDifference] = []
        let leftTexts = texts(left)
        let rightTexts = texts(right)
        for leaf in left where result.count < limit && rightTexts[leaf.path] != leaf.text {
            result.append(
                FieldDifference(path: leaf.path, left: leaf.text, right: rightTexts[leaf.path])
            )
        }
        for leaf in right where result.count < limit && leftTexts[leaf.path] == nil {
            result.append(FieldDifference(path: leaf.path, left: nil, right: leaf.text))
        }
        return result
    }

    private static func texts(_ leaves: [Leaf]) -> [String: String] {
        var result: [String: String] = [:]
        result.reserveCapacity(leaves.count)
        for leaf in leaves { result[leaf.path] = leaf.text }
        return result
    }
}

extension FieldDifference: CustomStringConvertible {
    public var description: String {
        "\(path): \(left ?? "absent") against \(right ?? "absent")"
    }
}
