import CutisCore
import Foundation
import Testing

@Suite struct RecommendationsTests {
    private static let thresholds = ["mel": 0.14]

    private static func rules(_ json: String) throws -> Recommendations {
        try JSONDecoder().decode(Recommendations.self, from: Data(json.utf8))
    }

    private static func classes(_ probabilities: [String: Double]) -> [ClassProbability] {
        LabelSet.ham10000.labels.map { ClassProbability($0, probability: probabilities[$0.id] ?? 0) }
            .sorted { $0.probability > $1.probability }
    }

    private static func shipped() throws -> Recommendations {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("Models/recommendations/ham10000.json")
        return try JSONDecoder().decode(Recommendations.self, from: try Data(contentsOf: file))
    }

    @Test func theShippedRulesCoverEveryAnswer() throws {
        let rules = try Self.shipped()
        try rules.validate(labels: .ham10000, thresholds: Self.thresholds, name: "ham10000.json")
        #expect(rules.version == "2")
        #expect(!rules.isReviewed)
        for label in LabelSet.ham10000.labels {
            for quality in QualityLevel.allCases {
                let advice = rules.advice(
                    for: Self.classes([label.id: 0.9]), thresholds: Self.thresholds, quality: quality)
                #expect(advice?.text.isEmpty == false)
            }
        }
    }

    @Test func bandAndQualityChangeTheText() throws {
        let rules = try Self.shipped()
        func advice(_ probabilities: [String: Double], _ quality: QualityLevel = .good) -> Recommendations.Advice? {
            rules.advice(for: Self.classes(probabilities), thresholds: Self.thresholds, quality: quality)
        }
        let high = advice(["mel": 0.8, "nv": 0.2])
        let medium = advice(["mel": 0.4, "nv": 0.3, "bkl": 0.3])
        let second = advice(["mel": 0.2, "nv": 0.8])
        let low = advice(["mel": 0.13, "nv": 0.87])
        #expect(high?.band == .high)
        #expect(medium?.band == .medium)
        #expect(second?.band == .medium)
        #expect(low?.band == .low)
        let texts = [
            high, medium, second, low, advice(["mel": 0.8, "nv": 0.2], .limited), advice(["nv": 1], .limited),
        ]
        #expect(Set(texts.map { $0?.text ?? "" }).count == texts.count)
    }

    @Test func filesOfBeforeAreReadAsTheyWere() throws {
        let rules = try Self.rules(
            #"""
            {"version": "1", "rules": [
              {"class": "mel", "primary": true, "minimum_probability": 0, "text": "first"},
              {"class": "mel", "primary": false, "text": "above threshold"},
              {"primary": false, "text": "rest"}]}
            """#)
        try rules.validate(labels: .ham10000, thresholds: Self.thresholds, name: "old.json")
        func text(_ probabilities: [String: Double]) -> String? {
            rules.text(for: Self.classes(probabilities), thresholds: Self.thresholds)
        }
        #expect(text(["mel": 0.5, "nv": 0.4]) == "first")
        #expect(text(["mel": 0.14, "nv": 0.86]) == "above threshold")
        #expect(text(["mel": 0.13, "nv": 0.87]) == "rest")
        #expect(rules.band(for: Self.classes(["mel": 1]), thresholds: [:]) == nil)
        #expect(!rules.isReviewed)
    }

    @Test(arguments: [
        (
            #"{"version":"2","rules":[{"class":"melanoma","text":"t"},{"text":"t"}]}"#,
            "melanoma, which the model does not"
        ),
        (#"{"version":"2","risk":{"class":"m","high_from":0.5},"rules":[{"text":"t"}]}"#, "risk is about the class m"),
        (#"{"version":"2","rules":[{"class":"mel","band":"high","text":"t"},{"text":"t"}]}"#, "speaks of a band"),
        (#"{"version":"2","rules":[{"class":"mel","text":"t"}]}"#, "no text for class akiec, quality good"),
        (
            #"{"version":"2","risk":{"class":"mel","high_from":0.5},"rules":[{"band":"high","text":"t"},{"band":"low","text":"t"}]}"#,
            "no text for class akiec, band medium"
        ),
        (#"{"version":"2","rules":[{"quality":"good","text":"t"}]}"#, "quality limited"),
        (#"{"version":"2","rules":[{"text":"t"},{"class":"mel","text":"late"}]}"#, "rule 2 can never be reached"),
        (#"{"version":"2","rules":[{"text":"  "}]}"#, "rule 1 has no text"),
        (
            #"{"version":"2","rules":[{"class":"mel","minimum_probability":1.5,"text":"t"},{"text":"t"}]}"#,
            "outside 0…1"
        ),
        (
            #"{"version":"2","risk":{"class":"mel","medium_from":0.6,"high_from":0.5},"rules":[{"text":"t"}]}"#,
            "above its high"
        ),
        (#"{"version":"2","risk":{"class":"mel","high_from":0.1},"rules":[{"text":"t"}]}"#, "above its high"),
        (#"{"version":"2","review":{"status":"reviewed"},"rules":[{"text":"t"}]}"#, "not by whom"),
        (#"{"version":"","rules":[{"text":"t"}]}"#, "version is empty"),
    ])
    func whatIsWrongIsNamed(_ json: String, _ words: String) throws {
        let rules = try Self.rules(json)
        do {
            try rules.validate(labels: .ham10000, thresholds: Self.thresholds, name: "r.json")
            Issue.record("\(json) was accepted")
        } catch {
            #expect(error.code == .configInvalid)
            #expect(error.message.contains(words), "\(error.message)")
        }
    }

    @Test(arguments: [
        ("{", "r.json does not hold recommendation rules"), (#"{"rules":[]}"#, "the file has no “version”"),
        (#"{"version":"1","rules":[{"text":"a"},{"class":"mel"}]}"#, "rules 2 has no “text”"),
        (#"{"version":"1","rules":[{"text":"a","band":"huge"}]}"#, "rules 1 band"),
        (#"{"version":1,"rules":[]}"#, "version"),
    ])
    func aFileThatCannotBeReadSaysWhere(_ json: String, _ words: String) {
        do {
            _ = try Recommendations(data: Data(json.utf8), name: "r.json")
            Issue.record("\(json) was accepted")
        } catch {
            #expect(error.code == .configInvalid)
            #expect(error.message.contains(words), "\(error.message)")
        }
    }

    @Test func edgesOfBands() {
        let bands = RiskBands(class: "mel", mediumFrom: 0.1, highFrom: 0.5)
        #expect(bands.band(of: 0.0999, threshold: nil) == .low)
        #expect(bands.band(of: 0.1, threshold: 0.3) == .medium)
        #expect(bands.band(of: 0.5, threshold: nil) == .high)
        let open = RiskBands(class: "mel", highFrom: 0.5)
        #expect(open.band(of: 0.49, threshold: nil) == .low)
        #expect(open.band(of: 0.49, threshold: 0.2) == .medium)
    }
}
