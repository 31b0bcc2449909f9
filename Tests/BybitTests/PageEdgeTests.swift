import Bybit
import Glibc
import Market
import Testing

/// Nothing beside a text is read, before it or behind it: there memory ends, and a look at it would end the process.
@Suite struct PageEdgeTests {
    private struct NoMemory: Error {}

    /// One page that may be read, between two that may not.
    private final class GuardedPage {
        let size: Int
        private let base: UnsafeMutableRawPointer

        init() throws {
            size = Int(sysconf(Int32(_SC_PAGESIZE)))
            let flags = MAP_PRIVATE | MAP_ANONYMOUS
            guard let pages = mmap(nil, 3 * size, PROT_READ | PROT_WRITE, flags, -1, 0),
                pages != MAP_FAILED
            else { throw NoMemory() }
            base = pages
            guard mprotect(pages, size, PROT_NONE) == 0,
                mprotect(pages + 2 * size, size, PROT_NONE) == 0
            else { throw NoMemory() }
        }

        deinit { munmap(base, 3 * size) }

        /// The text where the page begins.
        func first(_ text: [UInt8]) -> UnsafeRawBufferPointer { place(text, base + size) }

        /// The text where the page ends.
        func last(_ text: [UInt8]) -> UnsafeRawBufferPointer {
            place(text, base + 2 * size - text.count)
        }

        private func place(
            _ text: [UInt8],
            _ start: UnsafeMutableRawPointer
        ) -> UnsafeRawBufferPointer {
            let place = UnsafeMutableRawBufferPointer(start: start, count: text.count)
            place.copyBytes(from: text)
            return UnsafeRawBufferPointer(place)
        }
    }

    @Test(arguments: FastPush.all)
    func `a push is read alike at either edge of the memory, whole or cut short`(
        push: FastPush
    ) throws {
        let page = try GuardedPage()
        let ways = BothWays(push.stream)
        let text = push.bytes
        try #require(text.count < page.size)
        let cut = text.indices.map { Array(text[..<$0]) + [UInt8(ascii: "}")] }
        for part in cut + [text] {
            let expected = lines(of: ways.compare(part))
            #expect(lines(of: ways.compare(bytes: page.last(part))) == expected)
            #expect(lines(of: ways.compare(bytes: page.first(part))) == expected)
        }
    }
}
