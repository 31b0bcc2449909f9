/// One value of a text, laid out as the shim's `tdj_node` is.
///
/// A copy of the C type, since inlined code may not show a C type to other modules. The parser checks that the two are laid out alike.
@frozen @usableFromInline
struct JSONNode {
    @usableFromInline var start: UInt32
    @usableFromInline var length: UInt32
    @usableFromInline var keyStart: UInt32
    @usableFromInline var keyLength: UInt32
    @usableFromInline var end: UInt32
    @usableFromInline var count: UInt32
    @usableFromInline var kind: UInt8
    @usableFromInline var flags: UInt8
    @usableFromInline var depth: UInt16

    @inlinable static var valueEscaped: UInt8 { 1 }
    @inlinable static var keyEscaped: UInt8 { 2 }
}
