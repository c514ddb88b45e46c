import CutisCore
import CutisStorage
import Foundation

extension AnalysisService {
    /// What one request has left in the store.
    struct Kept: Sendable {
        var visit: VisitRecord?
        var analyses: [Analysis]

        /// The same with the pictures of each analysis, where there are any.
        func adding(_ pictures: [ExplanationImages]) -> Kept {
            var kept = self
            for (index, picture) in pictures.enumerated() { kept.analyses[index].explanation = picture }
            return kept
        }
    }

    /// The way of a request: intake, answer beside the writing of blobs, one transaction.
    func answer(
        _ request: AnalyzeRequest, _ task: ModelFacts.Task, asVisit: Bool, by principal: Principal
    ) async throws -> Kept {
        let start = ContinuousClock.now
        let lease = try await models.lease(task: task, model: request.model, version: request.version)
        // The store looks for the clinic while the images are decoded.
        async let incoming = intake(request, with: lease)
        let clinic = try await clinic(named: request.clinic, for: principal)
        let pseudonym = try pseudonyms.pseudonym(of: request.patient, clinic: clinic.id)
        let images: [IncomingImage]
        do {
            images = try await incoming
        } catch let error as CutisError where error.code == .imageQuality {
            // A photo that got no answer is a clinical fact too; nothing of it is kept but this entry.
            try await audit.record(
                AuditEntry(
                    "analysis.create", subject: "-", by: principal, clinicID: clinic.id, modelHash: lease.facts.hash,
                    outcome: error.code.rawValue))
            throw error
        }
        let now = clock.now()
        let drafts = Self.drafts(of: images, together: task == .screening, clinic: clinic.id, at: now)
        let files = drafts.flatMap(\.images)
        // Writing goes on beside the model; it is waited for before anything is committed, or undone.
        let writing = Task { [blobs] in
            for file in files { try await blobs.put(file.key, file.image.cleaned) }
        }
        do {
            let composed = try await ask(lease, request, images, by: principal)
            let pictures =
                request.includesExplanation ? try await explain(lease, request, images, composed, by: principal) : []
            let latency = (ContinuousClock.now - start) / .milliseconds(1)
            try await writing.value
            let kept = try await database.write { [audit] transaction in
                let commit = AnalysisCommit(
                    request: request, principal: principal, clinicID: clinic.id, pseudonym: pseudonym,
                    facts: lease.facts, now: now, latency: latency)
                return try commit.keep(drafts, composed, asVisit: asVisit, audit, in: transaction)
            }
            for answer in composed {
                metrics.prediction(model: lease.facts.identity, class: answer.answer.primary?.id ?? "")
            }
            return kept.adding(pictures)
        } catch {
            writing.cancel()
            _ = await writing.result
            await discard(files.map(\.key), of: drafts.map(\.id))
            throw error
        }
    }

    private static func drafts(
        of images: [IncomingImage], together: Bool, clinic: String, at now: Int64
    ) -> [AnalysisDraft] {
        let cases = together ? [images] : images.map { [$0] }
        return cases.map { images in
            AnalysisDraft(
                id: Identifier.make(milliseconds: now),
                images: images.map { image in
                    let id = Identifier.make(milliseconds: now)
                    return AnalysisDraft.Image(
                        id: id, key: BlobNames.image(id, clinic: clinic), image: image)
                })
        }
    }

    /// The model's answer, one for each case.
    private func ask(
        _ lease: ModelLease, _ request: AnalyzeRequest, _ images: [IncomingImage], by principal: Principal
    ) async throws -> [AnswerComposer.Composed] {
        var composer = AnswerComposer(
            facts: lease.facts,
            rules: (lease.facts.task == .classification ? rules : nil) ?? lease.facts.recommendations, policy: policy)
        let inputs = images.map(\.input)
        let output: ModelRequest.Output = lease.facts.task == .screening ? .screening : .classes
        let answer = try await lease.answer(
            ModelRequest(output, inputs: inputs), priority: request.priority, client: principal.userID,
            deadline: request.deadline)
        switch answer {
        case .classes(let rows) where rows.count == inputs.count:
            return try rows.indices.map { index in
                composer.site = request.site(ofImage: index)
                return try composer.classification(rows[index], quality: inputs[index].quality)
            }
        case .screening(let probabilities, let attention):
            composer.site = request.site(ofImage: 0)
            return [
                try composer.screening(probabilities, attention: attention, qualities: inputs.map(\.quality))
            ]
        default:
            throw CutisError(
                .computeFailed, "The model \(lease.facts.identity.id) answered something else than it was asked.",
                remedy: "Run `cutis verify` on its bundle and activate another version meanwhile.")
        }
    }

    /// The pictures of each lesion's most probable class.
    private func explain(
        _ lease: ModelLease, _ request: AnalyzeRequest, _ images: [IncomingImage],
        _ composed: [AnswerComposer.Composed], by principal: Principal
    ) async throws -> [ExplanationImages] {
        var pictures: [ExplanationImages] = []
        for (image, answer) in zip(images, composed) {
            let index = answer.answer.primary.flatMap { lease.facts.labels.index(of: $0.id) } ?? 0
            pictures.append(
                try await lease.explain(
                    image.input, classIndex: index, priority: request.priority, client: principal.userID,
                    deadline: request.deadline))
        }
        return pictures
    }

    /// Takes back what was written for a request that was not kept.
    ///
    /// A commit whose outcome is unknown may have happened: blobs are deleted only where the analyses are surely
    /// absent. What is left over otherwise, the sweep of orphans finds.
    private func discard(_ keys: [String], of analyses: [String]) async {
        // A task of its own: the request's may be cancelled, which must not stop the clearing.
        await Task { [database, blobs] in
            let kept = try? await database.read { transaction in
                try analyses.contains { try AnalysisRepository(transaction).find($0, clinicID: nil) != nil }
            }
            guard kept == false else { return }
            for key in keys { try? await blobs.delete(key) }
        }.value
    }
}
