import CutisCore
import Foundation
import Testing

@Suite struct ErrorCodeTests {
    @Test func everyCodeIsDocumentedWithItsExitCode() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/errors.md"), encoding: .utf8)
        for code in ErrorCode.allCases {
            #expect(
                page.contains("| `\(code.rawValue)` | \(code.exitCode) |"), "\(code.rawValue) is not in docs/errors.md")
        }
    }

    @Test func theErrorReadsAsTwoSentences() {
        let error = CutisError(.fileEmpty, "a.jpg is empty.", remedy: "Copy it again.")
        #expect("\(error)" == "a.jpg is empty. Copy it again.")
    }
}
