public import CutisCore
public import CutisStorage
import Foundation

/// One stored analysis with its answer.
public struct Analysis: Sendable {
    /// The stored row.
    public var record: AnalysisRecord
    /// The images, in their order.
    public var images: [ImageRecord]
    /// What the model said.
    public var answer: AnalysisAnswer
    /// The pictures of the explanation, where they were asked for.
    public var explanation: ExplanationImages?

    /// Joins the parts.
    public init(
        record: AnalysisRecord, images: [ImageRecord], answer: AnalysisAnswer, explanation: ExplanationImages? = nil
    ) {
        self.record = record
        self.images = images
        self.answer = answer
        self.explanation = explanation
    }

    /// The documented response of `POST /api/v1/analyze`: the answer, whose state may have changed since it was
    /// stored, with the heat map where there is one.
    public var response: OrderedJSON {
        let map = explanation.map { OrderedJSON.string($0.map.base64EncodedString()) } ?? .null
        return answer.response(map: map, record: record)
    }
}

/// The lesions of one visit, answered together.
public struct VisitAnalysis: Sendable {
    /// The visit.
    public var visit: VisitRecord
    /// In the order of the images.
    public var analyses: [Analysis]

    /// Joins the parts.
    public init(visit: VisitRecord, analyses: [Analysis]) {
        self.visit = visit
        self.analyses = analyses
    }
}

/// The features of images; nothing of them is kept.
public struct EmbeddingAnswer: Sendable {
    /// The model that answered, or is asked for.
    public var model: ModelIdentity
    /// One vector for each image, in their order.
    public var vectors: [[Float]]
    /// How fit each image is.
    public var qualities: [ImageQuality]
    /// From the request to the answer, in milliseconds.
    public var latencyMilliseconds: Double

    /// Joins the parts.
    public init(
        model: ModelIdentity, vectors: [[Float]], qualities: [ImageQuality], latencyMilliseconds: Double
    ) {
        self.model = model
        self.vectors = vectors
        self.qualities = qualities
        self.latencyMilliseconds = latencyMilliseconds
    }
}

/// A page of analyses, newest first.
public struct AnalysisPage: Sendable {
    /// The analyses.
    public var analyses: [Analysis]
    /// Where the next page begins; nil after the last.
    public var next: PageCursor?

    /// Joins the parts.
    public init(analyses: [Analysis], next: PageCursor?) {
        self.analyses = analyses
        self.next = next
    }
}
