import Foundation
import Testing

/// The example of the documentation is the one that is built and run.
@Suite struct ExampleTextTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test func `the page's example is the file's text, of at most twenty lines`() throws {
        let page = try String(
            contentsOf: Self.root.appending(
                path: "Sources/TapedeckClient/TapedeckClient.docc/TapedeckClient.md"
            ),
            encoding: .utf8
        )
        let file = try String(
            contentsOf: Self.root.appending(path: "Tools/Examples/Client/main.swift"),
            encoding: .utf8
        )
        #expect(page.contains("\n```swift\n" + file + "```\n"))
        #expect(file.split(separator: "\n").count <= 20)
        #expect(file.contains("import TapedeckClient"))
    }
}
