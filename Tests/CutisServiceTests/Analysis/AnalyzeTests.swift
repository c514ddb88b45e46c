import CutisCore
import CutisService
import CutisStorage
import Foundation
import ServiceFakes
import Testing

@Suite struct AnalyzeTests {
    @Test func anAnswerIsKeptWithAllThatBelongsToIt() async throws {
        let clinic = try await Clinic()
        let analysis = try await clinic.analysis("mel=0.8 nv=0.2 gps")
        let again = try await clinic.analyses.find(analysis.record.id, by: clinic.user(.clinician))
        #expect(again.record == analysis.record)
        #expect(again.answer == analysis.answer)
        #expect(analysis.record.primaryLabel == "mel")
        #expect(analysis.record.threshold == 0.14)
        #expect(analysis.record.status == .preliminary)
        #expect(analysis.record.modelHash == "h1")
        #expect(analysis.images.count == 1)
        // What identifies a place is neither kept nor answered; the hash is that of what was sent.
        let kept = try await clinic.analyses.image(of: analysis.record.id, by: clinic.user(.clinician))
        #expect(kept.data == Data("IMAGE mel=0.8 nv=0.2".utf8))
        #expect(clinic.model.seen.prepared == [kept.data])
        #expect(analysis.images[0].sha256 != analysis.images[0].blobKey)
        #expect(clinic.blobs.all.count == 1)
        let patient = try await clinic.analyses.patient(analysis.record.patientID, by: clinic.user(.clinician))
        #expect(!patient.pseudonym.contains("P-1"))
        let entries = try await clinic.audit.entries(subject: analysis.record.id, by: clinic.admin)
        #expect(entries.map(\.action) == ["analysis.read", "analysis.create"])
        #expect(entries[1].inputHash == analysis.record.inputHash)
        #expect(entries[1].modelHash == "h1")
        #expect(entries[1].threshold == 0.14)
        #expect(!entries[1].details.contains("P-1"))
    }

    @Test func theResponseHasTheDocumentedFields() async throws {
        let clinic = try await Clinic()
        let analysis = try await clinic.analyses.analyze(
            Clinic.request("mel=0.75 nv=0.25", explains: true), by: clinic.user(.clinician))
        let text = analysis.response.text(pretty: false)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let diagnosis = try #require(object["diagnosis"] as? [String: Any])
        #expect(Set(diagnosis.keys) == ["primary", "confidence", "melanoma_risk", "all_classes"])
        #expect(diagnosis["primary"] as? String == "mel")
        #expect(diagnosis["melanoma_risk"] as? Double == 0.75)
        #expect((diagnosis["all_classes"] as? [String: Double])?.count == 7)
        let map = try #require(object["attention_map"] as? String)
        #expect(Data(base64Encoded: map)?.first == 4)
        let calibration = try #require(object["calibration"] as? [String: Any])
        #expect(calibration["temperature"] as? Double == 1.25)
        let interval = try #require(calibration["interval"] as? [String: Any])
        #expect(interval["count"] as? Int == 20)
        #expect(interval["method"] as? String == "Clopper-Pearson 95 %")
        for key in ["id", "recommendation", "model_version", "latency_ms", "quality", "warnings"] {
            #expect(object[key] != nil, "\(key)")
        }
    }

    @Test func anIntervalIsNeverInvented() async throws {
        let clinic = try await Clinic()
        let many = try await clinic.analysis("mel=0.1 nv=0.9").answer.calibration
        #expect(many.interval?.method == "Wilson 95 %")
        #expect(many.interval?.observed == 0.05)
        let empty = try await clinic.analysis("mel=0.4 nv=0.6").answer.calibration
        #expect(empty.interval == nil)
        #expect(empty.intervalReason == "None of the bundle's calibration images has a like probability.")
    }

    @Test func flagsSayWhatAReviewerShouldSee() async throws {
        let clinic = try await Clinic()
        func flags(_ words: String) async throws -> [String] { try await clinic.analysis(words).record.flags }
        #expect(try await flags("nv=0.95 mel=0.05").isEmpty)
        #expect(try await flags("nv=0.5 bkl=0.45 mel=0.05") == ["uncertain"])
        #expect(try await flags("nv=0.8 mel=0.2") == ["melanoma-not-primary"])
        #expect(try await flags("nv=0.95 blurred") == ["quality-limited"])
        let limited = try await clinic.analysis("nv=1 blurred")
        #expect(limited.answer.quality.level == .limited)
        #expect(limited.answer.warnings.contains("The image is blurred. Hold still."))
    }

    @Test func anUnfitImageIsRefusedAndNothingIsKept() async throws {
        let clinic = try await Clinic()
        do {
            _ = try await clinic.analyses.visit(
                Clinic.request("nv=1", "noskin blurred"), by: clinic.user(.clinician))
            Issue.record("an image without skin was answered")
        } catch let error as CutisError {
            #expect(error.code == .imageQuality)
            #expect(error.message == "Image 2: No skin is seen. (no-skin)")
            #expect(error.remedy == "Point at the lesion.")
        }
        #expect(clinic.blobs.all.isEmpty)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM analysis") == 0)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM patient") == 0)
        let last = try await clinic.audit.entries(limit: 1, by: clinic.admin)
        #expect(last[0].outcome == "image-quality")
    }

    @Test func limitsAreKept() async throws {
        let clinic = try await Clinic()
        let clinician = clinic.user(.clinician)
        func analyze(_ data: Data, patient: String = "P-1", model: String? = nil) async -> ErrorCode? {
            await code {
                try await clinic.analyses.analyze(
                    AnalyzeRequest(images: [data], patient: patient, model: model), by: clinician)
            }
        }
        #expect(await analyze(Data()) == .fileEmpty)
        #expect(await analyze(Data("no image".utf8)) == .imageCorrupt)
        #expect(await analyze(Data(count: (20 << 20) + 1)) == .imageTooLarge)
        #expect(await analyze(Data("IMAGE wide".utf8)) == .imageTooLarge)
        #expect(await analyze(Data("IMAGE mel=2".utf8)) == .computeFailed)
        #expect(await analyze(Data("IMAGE mel=x".utf8)) == .computeFailed)
        #expect(await analyze(Data("IMAGE nv=1".utf8), patient: " ") == .requestInvalid)
        #expect(await analyze(Data("IMAGE nv=1".utf8), patient: "a\u{0}b") == .requestInvalid)
        #expect(await analyze(Data("IMAGE nv=1".utf8), patient: String(repeating: "x", count: 129)) == .requestInvalid)
        #expect(await analyze(Data("IMAGE nv=1".utf8), model: "absent") == .notFound)
        let none = AnalyzeRequest(images: [], patient: "P")
        #expect(await code { try await clinic.analyses.analyze(none, by: clinician) } == .requestInvalid)
        let four = Clinic.request("a", "b", "c", "d")
        #expect(await code { try await clinic.analyses.screen(four, by: clinician) } == .tooManyImages)
        #expect(await code { try await clinic.analyses.analyze(four, by: clinician) } == .tooManyImages)
        #expect(clinic.blobs.all.isEmpty)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM analysis") == 0)
    }

    @Test func theLesionsOfAVisitAreAnsweredInOnePass() async throws {
        let clinic = try await Clinic()
        let request = Clinic.request("mel=0.8 nv=0.2", "nv=1", "bcc=1")
        let visit = try await clinic.analyses.visit(request, by: clinic.user(.clinician))
        #expect(visit.analyses.map(\.record.primaryLabel) == ["mel", "nv", "bcc"])
        #expect(clinic.model.seen.rows == [3])
        #expect(Set(visit.analyses.map(\.record.visitID)) == [visit.visit.id])
        let again = try await clinic.analyses.visit(visit.visit.id, by: clinic.user(.clinician))
        #expect(Set(again.analyses.map(\.record.id)) == Set(visit.analyses.map(\.record.id)))
        let history = try await clinic.analyses.history(
            patientID: visit.visit.patientID, by: clinic.user(.clinician))
        #expect(history.analyses.count == 3)
    }

    @Test func aScreeningCaseIsOneAnalysis() async throws {
        let clinic = try await Clinic()
        let analysis = try await clinic.analyses.screen(Clinic.request("a", "b"), by: clinic.user(.clinician))
        #expect(analysis.record.kind == .screening)
        #expect(analysis.images.map(\.position) == [0, 1])
        #expect(analysis.answer.attention == [0.5, 0.5])
        let text = analysis.response.text(pretty: false)
        #expect(text.contains(#""prediction":"Infectious","p_infectious":0.75,"threshold":0.5,"image_count":2"#))
    }

    @Test func embeddingsLeaveNothingBehind() async throws {
        let clinic = try await Clinic()
        let before = try await clinic.number("SELECT COUNT(*) AS n FROM audit")
        let answer = try await clinic.analyses.embed(
            EmbedRequest(images: [Data("IMAGE a".utf8), Data("IMAGE b".utf8)]), by: clinic.user(.engineer))
        #expect(answer.vectors == [[1, 2, 3, 4], [1, 2, 3, 4]])
        #expect(clinic.blobs.all.isEmpty)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM analysis") == 0)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM audit") == before)
    }

    @Test func anExplanationIsMadeAgainFromTheKeptImage() async throws {
        let clinic = try await Clinic()
        let request = Clinic.request("mel=0.8 nv=0.2 gps", explains: true)
        let analysis = try await clinic.analyses.analyze(request, by: clinic.user(.clinician))
        let again = try await clinic.analyses.explanation(of: analysis.record.id, by: clinic.user(.clinician))
        #expect(again.map == analysis.explanation?.map)
        let other = try await clinic.analyses.explanation(
            of: analysis.record.id, label: "bcc", by: clinic.user(.clinician))
        #expect(other.map.first == 1)
        let unknown = await code {
            try await clinic.analyses.explanation(of: analysis.record.id, label: "zzz", by: clinic.user(.clinician))
        }
        #expect(unknown == .requestInvalid)
    }

    @Test func timelinesComeInPages() async throws {
        let clinic = try await Clinic()
        var ids: [String] = []
        for index in 0..<5 {
            clinic.clock.advance(1000)
            ids.append(try await clinic.analysis("nv=1", patient: index == 2 ? "P-2" : " P-1 ").record.id)
        }
        let patient = try await clinic.analyses.patient(identifier: "P-1", by: clinic.user(.clinician))
        let first = try await clinic.analyses.history(patientID: patient.id, limit: 3, by: clinic.user(.clinician))
        let next = try #require(first.next)
        let second = try await clinic.analyses.history(
            patientID: patient.id, limit: 3, before: next, by: clinic.user(.clinician))
        #expect((first.analyses + second.analyses).map(\.record.id) == [ids[4], ids[3], ids[1], ids[0]])
        #expect(second.next == nil)
    }

    @Test func anAnalysisIsSignedOnce() async throws {
        let clinic = try await Clinic()
        let id = try await clinic.analysis().record.id
        #expect(await code { try await clinic.analyses.sign(id, by: clinic.admin) } == .forbidden)
        clinic.clock.advance(5)
        let signed = try await clinic.analyses.sign(id, by: clinic.user(.reviewer))
        #expect(signed.record.status == .signed)
        #expect(signed.record.signedBy == clinic.user(.reviewer).userID)
        #expect(await code { try await clinic.analyses.sign(id, by: clinic.user(.clinician)) } == .conflict)
        let again = try await clinic.analyses.find(id, by: clinic.user(.clinician))
        #expect(again.record == signed.record)
        let actions = try await clinic.audit.entries(subject: id, by: clinic.admin).map(\.action)
        #expect(actions.prefix(2) == ["analysis.read", "analysis.sign"])
    }
}
