import CutisCore
import Testing

@Suite struct PredictionTests {
    private let model = ModelIdentity(id: "m", version: "1.0.0")

    @Test func classificationHasTheDocumentedKeysInOrder() {
        let labels = LabelSet.ham10000.labels
        let answer = Classification(
            image: "a.jpg", model: model,
            classes: [
                ClassProbability(labels[0], probability: 0.25), ClassProbability(labels[4], probability: 0.75),
            ],
            recommendation: "r", latencyMilliseconds: 12.345)
        #expect(
            answer.json().text(pretty: false)
                == #"{"image":"a.jpg","model":"m","version":"1.0.0","primary":{"id":"mel","label":"Melanoma","#
                + #""code":"ICD-11:2C30","probability":0.75},"classes":[{"id":"mel","label":"Melanoma","#
                + #""code":"ICD-11:2C30","probability":0.75},{"id":"akiec","label":"#
                + #""Actinic keratosis or intraepithelial carcinoma","code":null,"probability":0.25}],"#
                + #""recommendation":"r","latency_ms":12.3}"#)
    }

    @Test func binaryScreeningHasTheDocumentedKeysInOrder() {
        let label = DiagnosisLabel(id: "infectious", label: "Infectious")
        let answer = Screening(
            findings: [ScreeningFinding(label, probability: 0.35, threshold: 0.35)], imageCount: 2,
            attention: [0.25, 0.75], model: model)
        #expect(
            answer.json.text(pretty: false)
                == #"{"prediction":"Infectious","p_infectious":0.35,"threshold":0.35,"image_count":2,"#
                + #""rule":"Infectious if p_infectious >= threshold","attention":[0.25,0.75],"#
                + #""model":"m","version":"1.0.0"}"#)
    }

    @Test func aProbabilityJustBelowTheThresholdIsNegative() {
        let label = DiagnosisLabel(id: "x", label: "X")
        #expect(!ScreeningFinding(label, probability: 0.34999, threshold: 0.35).isPositive)
    }
}
