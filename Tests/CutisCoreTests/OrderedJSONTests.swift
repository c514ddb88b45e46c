import CutisCore
import Foundation
import Testing

@Suite struct OrderedJSONTests {
    @Test func keepsTheOrderOfKeys() {
        let json = OrderedJSON.object(["z": .integer(1), "a": .null, "m": .array([.bool(true)])])
        #expect(json.text(pretty: false) == #"{"z":1,"a":null,"m":[true]}"#)
        #expect(json.text() == "{\n  \"z\": 1,\n  \"a\": null,\n  \"m\": [\n    true\n  ]\n}")
    }

    @Test func escapesWhatJSONForbids() throws {
        let text = "a\"b\\c\n\u{1}é\u{7F}"
        let written = OrderedJSON.string(text).text()
        #expect(written == #""a\"b\\c\n\u0001é\u007f""#)
        let read = try JSONSerialization.jsonObject(with: Data(written.utf8), options: .fragmentsAllowed)
        #expect(read as? String == text)
    }

    @Test(arguments: [(0.5, "0.5"), (1.0, "1.0"), (-0.0, "0.0"), (.nan, "null"), (.infinity, "null"), (1e20, "1e+20")])
    func writesNumbersThatReadBack(_ value: Double, _ text: String) {
        #expect(OrderedJSON.number(value).text() == text)
    }

    @Test func writesEmptyContainers() {
        #expect(OrderedJSON.array([]).text() == "[]")
        #expect(OrderedJSON.object([:]).text(pretty: false) == "{}")
    }
}
