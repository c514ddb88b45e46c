import Foundation
import Testing

@Suite struct UsageTests {
    @Test(arguments: [
        "classify", "screen", "embed", "import", "pull", "merge", "inspect", "verify", "optimize", "bench", "train",
        "sweep", "probe", "mil", "eda", "demo", "serve", "backup", "restore", "migrate", "keys",
    ])
    func everyCommandHasHelpWithExamples(_ command: String) throws {
        let outcome = try CommandLineTool.run([command, "--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLES"))
        #expect(outcome.output.contains("cutis \(command)"))
    }

    @Test func versionIsPrinted() throws {
        let outcome = try CommandLineTool.run(["--version"])
        #expect(outcome.status == 0)
        #expect(outcome.output.first?.isNumber == true)
    }

    /// It is found through the order of the linked libraries, which nothing else would miss.
    @Test func memoryComesFromJemalloc() throws {
        let outcome = try CommandLineTool.run(["--version"], environment: ["MALLOC_CONF": "stats_print:true"])
        #expect(outcome.errors.contains("Begin jemalloc statistics"))
        let allocated = try #require(outcome.errors.firstMatch(of: /Allocated: (\d+)/))
        #expect(try #require(Int(allocated.1)) > 100_000)
    }

    @Test(arguments: [
        ["frobnicate"], ["classify"], ["classify", "a.jpg", "--top-k", "0"], ["classify", "a.jpg", "--batch", "0"],
        ["classify", "a.jpg", "--format", "xml"], ["screen", "a.jpg", "--model", "m", "--threshold", "1.5"],
        ["embed", "a.jpg", "--output", "features.txt"],
        ["sweep", "c.yaml", "--space", "s.yaml", "--trials", "0"],
        ["probe", "e.safetensors", "--output", "d"],
        ["mil", "e.safetensors", "--cases", "c.csv", "--labels", "a,a", "--output", "d"],
        ["classify", "a.jpg", "--precision", "fp8"],
    ])
    func aWrongCallExitsWith2(_ arguments: [String]) throws {
        let outcome = try CommandLineTool.run(arguments)
        #expect(outcome.status == 2, "\(arguments): \(outcome.errors)")
        #expect(!outcome.errors.isEmpty)
        #expect(outcome.output.isEmpty)
    }

    @Test func errorsAreOneJSONObjectWhenAskedFor() throws {
        let outcome = try CommandLineTool.run(["classify", "/no/such/image.jpg", "--json-errors"])
        #expect(outcome.status == 3)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.errors.utf8)) as? [String: [String: Any]])
        #expect(object["error"]?["code"] as? String == "file-not-found")
        #expect(object["error"]?["exit_code"] as? Int == 3)
        #expect((object["error"]?["message"] as? String)?.contains("/no/such/image.jpg") == true)
        #expect((object["error"]?["remedy"] as? String)?.isEmpty == false)
    }
}
