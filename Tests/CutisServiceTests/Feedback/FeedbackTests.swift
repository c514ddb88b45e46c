import CutisCore
import CutisService
import CutisStorage
import Foundation
import Testing

@Suite struct FeedbackTests {
    @Test func aCorrectionGoesToTheReviewers() async throws {
        let clinic = try await Clinic()
        let clinician = clinic.user(.clinician)
        let analysis = try await clinic.analysis("nv=1")
        let id = analysis.record.id
        let agreed = try await clinic.feedback.add(.confirmation, to: id, by: clinician)
        #expect(agreed.label == "nv")
        #expect(try await clinic.analyses.find(id, by: clinician).record.flags.isEmpty)
        clinic.clock.advance(1)
        _ = try await clinic.feedback.add(.correction, to: id, label: "mel", note: " irregular ", by: clinician)
        clinic.clock.advance(1)
        _ = try await clinic.feedback.add(.histology, to: id, label: "mel", by: clinician)
        #expect(try await clinic.analyses.find(id, by: clinician).record.flags == ["disagreement"])
        let list = try await clinic.feedback.list(of: id, by: clinician)
        #expect(list.map(\.kind) == [.confirmation, .correction, .histology])
        #expect(list.allSatisfy { $0.analysisID == id && $0.userID == clinician.userID })
        let entries = try await clinic.audit.entries(subject: id, by: clinic.admin)
        #expect(
            entries.map(\.action) == [
                "feedback.add", "feedback.add", "analysis.read", "feedback.add", "analysis.create",
            ])
        #expect(entries.allSatisfy { !$0.details.contains("irregular") })
    }

    @Test func labelsAreThoseOfTheAnswer() async throws {
        let clinic = try await Clinic()
        let clinician = clinic.user(.clinician)
        let id = try await clinic.analysis("nv=1").record.id
        func add(_ kind: FeedbackRecord.Kind, _ label: String?, _ note: String? = nil) async -> ErrorCode? {
            await code { try await clinic.feedback.add(kind, to: id, label: label, note: note, by: clinician) }
        }
        #expect(await add(.correction, "zzz") == .requestInvalid)
        #expect(await add(.correction, nil) == .requestInvalid)
        #expect(await add(.correction, "nv") == .requestInvalid)
        #expect(await add(.confirmation, "mel") == .requestInvalid)
        #expect(await add(.histology, nil) == .requestInvalid)
        #expect(await add(.histology, "other") == .requestInvalid)
        #expect(await add(.histology, "other", " ") == .requestInvalid)
        #expect(await add(.histology, "mel", String(repeating: "x", count: 2001)) == .requestInvalid)
        #expect(try await clinic.feedback.list(of: id, by: clinician).isEmpty)
        #expect(await add(.histology, "other", "Merkel cell carcinoma") == nil)
        #expect(await add(.histology, "nv") == nil)
    }

    @Test func anotherClinicNeitherSaysNorSeesAnything() async throws {
        let clinic = try await Clinic()
        let id = try await clinic.analysis().record.id
        _ = try await clinic.feedback.add(.confirmation, to: id, by: clinic.user(.clinician))
        let stranger = clinic.user(.reviewer, "south")
        #expect(await code { try await clinic.feedback.add(.confirmation, to: id, by: stranger) } == .notFound)
        #expect(await code { try await clinic.feedback.list(of: id, by: stranger) } == .notFound)
        #expect(try await clinic.feedback.list(by: stranger).isEmpty)
        var text = Data()
        for try await piece in try await clinic.feedback.export(.jsonl, by: stranger) { text += piece }
        #expect(text.isEmpty)
        #expect(try await clinic.feedback.list(by: clinic.admin).count == 1)
        for role in [Role.engineer, .auditor, .device] {
            let user = clinic.user(role)
            #expect(await code { try await clinic.feedback.add(.confirmation, to: id, by: user) } == .forbidden)
            #expect(await code { try await clinic.feedback.list(by: user) } == .forbidden)
            #expect(await code { try await clinic.feedback.list(of: id, by: user) } == .forbidden)
        }
        #expect(await code { try await clinic.feedback.export(.csv, by: clinic.user(.clinician)) } == .forbidden)
    }

    @Test func exportsHoldEachFeedbackOnceAndNoFormula() async throws {
        let clinic = try await Clinic()
        let clinician = clinic.user(.clinician)
        let id = try await clinic.analysis("nv=1").record.id
        let notes = ["=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1", "a, \"b\"\nc", "plain"]
        for note in notes {
            _ = try await clinic.feedback.add(.correction, to: id, label: "mel", note: note, by: clinician)
        }
        for _ in 0..<600 {
            clinic.clock.advance(1)
            _ = try await clinic.feedback.add(.confirmation, to: id, by: clinician)
        }
        func export(_ format: ExportFormat) async throws -> String {
            var text = Data()
            for try await piece in try await clinic.feedback.export(format, by: clinic.user(.reviewer)) {
                text += piece
            }
            return String(decoding: text, as: UTF8.self)
        }
        let csv = try CSVTable(text: try await export(.csv), path: "feedback.csv")
        #expect(csv.rows.count == notes.count + 600)
        let column = try #require(csv.columns.firstIndex(of: "note"))
        let cells = csv.rows.map { $0[column] }.filter { !$0.isEmpty }
        #expect(cells.count == notes.count)
        for cell in cells { #expect(!["=", "+", "-", "@", "\t", "＝"].contains(String(cell.prefix(1))), "\(cell)") }
        #expect(cells.contains("'=HYPERLINK(\"x\")"))
        #expect(cells.contains("a, \"b\"\nc"))
        let lines = try await export(.jsonl).split(separator: "\n")
        #expect(lines.count == notes.count + 600)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        #expect(object["predicted_label"] as? String == "nv")
        #expect(object["model_hash"] as? String == "h1")
        let ids = try lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])["id"] as? String
        }
        #expect(Set(ids).count == ids.count)
        let last = try await clinic.audit.entries(limit: 1, by: clinic.admin)
        #expect(last[0].action == "feedback.export")
    }
}
