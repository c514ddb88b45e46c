import CutisCore
import Foundation
import Testing

@Suite("Comma-separated tables")
struct CSVTableTests {
    @Test func quotedFieldsLineEndsAndBlankLines() throws {
        let text = "\u{FEFF}name,note\r\na,\"one, \"\"two\"\"\nthree\"\r\n\r\nb,\nc,\"\""
        let table = try CSVTable(text: text, path: "t.csv")
        #expect(table.columns == ["name", "note"])
        #expect(table.rows == [["a", "one, \"two\"\nthree"], ["b", ""], ["c", ""]])
    }

    @Test(arguments: [
        ("a,b\n1\n", "line 2"), ("a,b\n1,2\n1,2,3\n", "line 3"), ("a,a\n", "occurs twice"),
        ("a,b\n1,\"2\n", "never ends"),
    ])
    func brokenTablesAreRefusedWithTheirLine(_ text: String, _ reason: String) {
        let error = #expect(throws: CutisError.self) { try CSVTable(text: text, path: "t.csv") }
        #expect(error?.code == .dataInvalid)
        #expect(error?.message.contains(reason) == true)
    }

    @Test func aMissingColumnIsNamed() throws {
        let table = try CSVTable(text: "image,dx\n", path: "t.csv")
        let error = #expect(throws: CutisError.self) { try table.column("lesion_id") }
        #expect(error?.message.contains("'lesion_id' (it has image, dx)") == true)
    }
}
