import CutisCore
import CutisService
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Images with what is said of them, in any of the forms in which they come: JSON with base64, a form with files, or
/// the bare bytes of one image with the rest in the query.
struct ImageUpload {
    /// How a route is told where on the body the lesions are.
    enum Sites: Sendable {
        /// It is not.
        case none
        /// By one place for all images.
        case one
        /// By a place for each image.
        case each
    }

    /// What a route takes besides images.
    struct Rules {
        /// How many images.
        var images: ClosedRange<Int>
        /// Whether they belong to a patient of a clinic.
        var hasPatient: Bool
        /// Whether an explanation can be asked for.
        var hasExplanation: Bool
        /// How it is told where the lesions are.
        var sites = Sites.none
        /// The most bytes of one image.
        var imageBytes: Int
        /// The most bytes of the body.
        var bodyBytes: Int
    }

    var images: [Data] = []
    var clinic: String?
    var patient = ""
    var sites: [BodySite] = []
    var model: String?
    var version: String?
    var explains = true
    var priority = Priority.interactive

    /// Reads a request.
    ///
    /// - Throws: `CutisError` or `Problem` with `.requestInvalid`, `.imageTooLarge`, `.tooManyImages`,
    ///   `.bodyTooLarge`, `.mediaTypeUnsupported`.
    static func read(_ request: Request, _ context: AppRequestContext, _ rules: Rules) async throws -> ImageUpload {
        let type = request.mediaType
        switch type {
        case "application/json":
            return try json(await context.body(of: request, limit: rules.bodyBytes), rules)
        case "multipart/form-data":
            let header = request.headers[.contentType] ?? ""
            return try form(await context.body(of: request, limit: rules.bodyBytes), header, rules)
        case _ where type.hasPrefix("image/") || type == "application/octet-stream":
            // Bare bytes are one image: its limit holds before it has arrived.
            let body: ByteBuffer
            do {
                body = try await context.body(of: request, limit: rules.imageBytes)
            } catch let problem as Problem where problem.error.code == .bodyTooLarge {
                throw Problem(tooLarge(rules), headers: problem.headers)
            }
            return try raw(body, QueryFields(request), rules)
        default:
            throw CutisError(
                .mediaTypeUnsupported, "Images are not read from this media type.",
                remedy: "Send application/json with base64, multipart/form-data, or an image as the body (image/jpeg).")
        }
    }

    private static func json(_ body: ByteBuffer, _ rules: Rules) throws(CutisError) -> ImageUpload {
        // A base64 text, an id or a switch is one value each: some dozens are more than enough.
        var fields = try JSONFields(JSONDocument(body, limits: .init(depth: 4, values: 256)))
        var upload = ImageUpload()
        if rules.images == 1...1 {
            upload.images = [try fields.base64("image", limit: rules.imageBytes)]
        } else {
            upload.images = try fields.base64List("images", count: rules.images, limit: rules.imageBytes)
        }
        if rules.hasPatient {
            upload.clinic = try fields.optionalText("clinic_id", length: 1...64)
            upload.patient = try fields.text("patient_id", length: 1...128)
        }
        switch rules.sites {
        case .none: break
        case .one:
            upload.sites = try Self.sites(try fields.optionalText("body_site", length: 1...16).map { [$0] } ?? [])
        case .each: upload.sites = try Self.sites(try fields.texts("body_sites", count: 1...rules.images.upperBound))
        }
        try upload.checkSites(rules)
        if rules.hasExplanation { upload.explains = try fields.optionalBool("explain") ?? true }
        upload.model = try fields.optionalText("model", length: 1...128)
        upload.version = try fields.optionalText("model_version", length: 1...64)
        upload.priority = try Self.priority(try fields.optionalText("priority", length: 1...16))
        try fields.finish()
        return upload
    }

    private static func form(
        _ body: ByteBuffer, _ contentType: String, _ rules: Rules
    ) throws(CutisError) -> ImageUpload {
        let form = try MultipartForm(body, contentType: contentType, partLimit: rules.images.upperBound + 8)
        var upload = ImageUpload()
        var texts: [String: String] = [:]
        for part in form.parts {
            if ["image", "images"].contains(part.name) {
                guard part.content.readableBytes <= rules.imageBytes else { throw tooLarge(rules) }
                upload.images.append(Data(part.content.readableBytesView))
                continue
            }
            guard part.content.readableBytes <= 1024,
                let text = String(validating: part.content.readableBytesView, as: UTF8.self),
                texts.updateValue(text, forKey: part.name) == nil
            else { throw wrong(part.name, "is too long, not text, or there twice") }
        }
        try upload.take(texts, rules)
        return upload
    }

    private static func raw(
        _ body: ByteBuffer, _ query: QueryFields, _ rules: Rules
    ) throws(CutisError) -> ImageUpload {
        var upload = ImageUpload()
        upload.images = [Data(body.readableBytesView)]
        try upload.take(query.fields, rules)
        return upload
    }

    /// Takes what came as texts.
    private mutating func take(_ texts: [String: String], _ rules: Rules) throws(CutisError) {
        guard images.count >= rules.images.lowerBound else {
            throw Self.wrong("image", "is missing")
        }
        guard images.count <= rules.images.upperBound else {
            throw CutisError(
                .tooManyImages, "There are \(images.count) images; at most \(rules.images.upperBound) are allowed.",
                remedy: "Split the request.")
        }
        // An empty field of a form is one that was not filled in.
        var texts = texts.filter { !$0.value.isEmpty }
        func text(_ name: String, _ most: Int) throws(CutisError) -> String? {
            guard let text = texts.removeValue(forKey: name) else { return nil }
            guard text.unicodeScalars.count <= most, !text.unicodeScalars.contains("\0") else {
                throw Self.wrong(name, "must have 1–\(most) characters")
            }
            return text
        }
        if rules.hasPatient {
            clinic = try text("clinic_id", 64)
            guard let patient = try text("patient_id", 128) else { throw Self.wrong("patient_id", "is missing") }
            self.patient = patient
        }
        switch rules.sites {
        case .none: break
        case .one: sites = try Self.sites(try text("body_site", 16).map { [$0] } ?? [])
        case .each:
            let names = try text("body_sites", 512)?.split(separator: ",", omittingEmptySubsequences: false) ?? []
            sites = try Self.sites(names.map(String.init))
        }
        try checkSites(rules)
        if rules.hasExplanation, let explain = try text("explain", 5) {
            guard let value = Bool(explain) else { throw Self.wrong("explain", "is neither true nor false") }
            explains = value
        }
        model = try text("model", 128)
        version = try text("model_version", 64)
        priority = try Self.priority(try text("priority", 16))
        if let name = texts.keys.sorted().first { throw Self.wrong(name, "is not known here") }
    }

    private static func sites(_ names: [String]) throws(CutisError) -> [BodySite] {
        var all: [BodySite] = []
        for name in names {
            guard let site = BodySite(rawValue: name) else {
                let known = BodySite.allCases.map(\.rawValue).joined(separator: ", ")
                throw wrong("body_site", "must be one of \(known)")
            }
            all.append(site)
        }
        return all
    }

    private func checkSites(_ rules: Rules) throws(CutisError) {
        guard rules.sites == .each, !sites.isEmpty, sites.count != images.count else { return }
        throw Self.wrong("body_sites", "has \(sites.count) places for \(images.count) images")
    }

    private static func priority(_ text: String?) throws(CutisError) -> Priority {
        switch text {
        case nil, "interactive": return .interactive
        case "batch": return .batch
        default: throw wrong("priority", "must be interactive or batch")
        }
    }

    private static func tooLarge(_ rules: Rules) -> CutisError {
        CutisError(
            .imageTooLarge, "An image is larger than the limit of \(rules.imageBytes) bytes.",
            remedy: "Send a smaller image.")
    }

    private static func wrong(_ name: String, _ what: String) -> CutisError {
        CutisError(
            .requestInvalid, "`\(name.prefix(64))` \(what).",
            remedy: "Compare the request with the description at /openapi.json.")
    }
}
