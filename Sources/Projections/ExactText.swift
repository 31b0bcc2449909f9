/// A text that equals another one byte by byte, as SQLite compares it.
///
/// A `String` also equals one that spells the same letters in other code points, so that two keys of a table would be one here.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactText, right: ExactText) -> Bool {
        // The first is quick, and says nearly always what differs.
        left.text == right.text && left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Texts of the same bytes have the same.
    func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
