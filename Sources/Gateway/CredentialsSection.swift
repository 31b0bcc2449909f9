/// The lines of one section of a credentials file, as bytes that can be overwritten.
struct CredentialsSection {
    let file: String
    let wanted: String
    /// A file of systemd's holds one section and needs no name for it.
    let hasSections: Bool

    typealias Take =
        (_ name: String, _ value: ArraySlice<UInt8>, _ line: Int) throws(CredentialsError) -> Void

    /// Hands over each `name = value` of the section, in the file's order; false where there is no such section.
    func read(_ bytes: [UInt8], take: Take) throws(CredentialsError) -> Bool {
        var isWanted = !hasSections
        var wasSeen = !hasSections
        var number = 0
        for raw in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = trimmed(raw)
            guard let first = line.first, first != UInt8(ascii: "#"), first != UInt8(ascii: ";")
            else { continue }
            if first == UInt8(ascii: "[") {
                guard line.last == UInt8(ascii: "]") else {
                    throw .badLine(file: file, line: number, why: "a section is written [NAME]")
                }
                isWanted = line.dropFirst().dropLast().elementsEqual(wanted.utf8)
                if isWanted, wasSeen, hasSections {
                    throw .badLine(file: file, line: number, why: "[\(wanted)] is there twice")
                }
                wasSeen = wasSeen || isWanted
                continue
            }
            // The line itself may hold a secret: it is never quoted in an error.
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else {
                throw .badLine(file: file, line: number, why: "write it as `key = …`")
            }
            guard isWanted else { continue }
            let name = String(decoding: trimmed(line[..<equals]), as: UTF8.self)
            try take(name, trimmed(line[(equals + 1)...]), number)
        }
        return wasSeen
    }

    private func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = bytes
        while let byte = slice.first, byte <= 0x20 { slice.removeFirst() }
        while let byte = slice.last, byte <= 0x20 { slice.removeLast() }
        return slice
    }
}
