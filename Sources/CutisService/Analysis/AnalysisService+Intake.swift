import CutisCore
import CutisStorage
import Foundation

/// One image on its way: what was sent, what will be kept, and what the model gets.
struct IncomingImage: Sendable {
    /// SHA-256 of the bytes as they were sent.
    let sha256: String
    /// The file without what identifies a person, a place or a camera: what is answered and what is kept.
    let cleaned: Data
    let mediaType: String
    let input: any PreparedInput
}

extension AnalysisService {
    /// The clinic of a request: the one that it names, the user's own, or the only one there is.
    func clinic(named name: String?, for principal: Principal) async throws -> ClinicRecord {
        let clinic = try await database.read { transaction -> ClinicRecord? in
            let clinics = ClinicRepository(transaction)
            if let name { return try clinics.find(name: name, clinicID: principal.clinicID) }
            let seen = try clinics.list(clinicID: principal.clinicID, limit: 2)
            return seen.count == 1 ? seen.first : nil
        }
        if let clinic { return clinic }
        if name == nil {
            throw CutisError(
                .requestInvalid, "The request names no clinic, and there are several.",
                remedy: "Send the clinic's name in `clinic_id`.")
        }
        throw CutisError(
            .notFound, "There is no such clinic.", remedy: "Check `clinic_id`: it is the clinic's name.")
    }

    /// Takes the images in: bounds, hash, cleaning, decoding; then the judgement of their quality.
    func intake(_ request: AnalyzeRequest, with lease: ModelLease) async throws -> [IncomingImage] {
        for (index, data) in request.images.enumerated() { try checkSize(data, at: index) }
        let images = try await withThrowingTaskGroup(of: (Int, IncomingImage).self) { group in
            for (index, data) in request.images.enumerated() {
                group.addTask { (index, try await take(data, at: index, request, lease)) }
            }
            var taken = [IncomingImage?](repeating: nil, count: request.images.count)
            for try await (index, image) in group { taken[index] = image }
            return taken.compactMap { $0 }
        }
        try refuseUnfit(images)
        return images
    }

    private func take(
        _ data: Data, at index: Int, _ request: AnalyzeRequest, _ lease: ModelLease
    ) async throws -> IncomingImage {
        let clean = try cleaning.clean(data)
        let input = try await lease.prepare(
            clean.data, name: "image \(index + 1)", keepsPicture: request.includesExplanation)
        try checkPixels(input, at: index)
        return IncomingImage(
            sha256: Hexadecimal.sha256(data), cleaned: clean.data, mediaType: clean.mediaType, input: input)
    }

    /// Bounds of the file, before anything reads it.
    func checkSize(_ data: Data, at index: Int) throws(CutisError) {
        guard !data.isEmpty else {
            throw CutisError(
                .fileEmpty, "Image \(index + 1) is empty.", remedy: "Send the bytes of a JPEG or PNG file.")
        }
        guard data.count <= limits.imageBytes else {
            throw CutisError(
                .imageTooLarge, "Image \(index + 1) has \(data.count) bytes, \(limits.imageBytes) are allowed.",
                remedy: "Send a smaller or more strongly compressed image.")
        }
    }

    /// Bounds of the picture; the decoder has its own, which are those of memory.
    func checkPixels(_ input: any PreparedInput, at index: Int) throws(CutisError) {
        let size = input.size
        let (pixels, overflows) = size.width.multipliedReportingOverflow(by: size.height)
        guard !overflows, pixels <= limits.imagePixels else {
            throw CutisError(
                .imageTooLarge,
                "Image \(index + 1) has \(size.width)×\(size.height) pixels, \(limits.imagePixels) are allowed.",
                remedy: "Send a smaller image.")
        }
    }

    /// Refuses the whole request where one image is not fit for an answer, with all that is wrong.
    private func refuseUnfit(_ images: [IncomingImage]) throws(CutisError) {
        let refused = images.enumerated().filter { $0.element.input.quality.isRefused }
        guard !refused.isEmpty else { return }
        let findings = refused.map { $0.element.input.quality.findings.filter { $0.severity == .refusal } }
        let what = zip(refused, findings).map { image, findings in
            let list = findings.map { "\($0.message) (\($0.code.rawValue))" }.joined(separator: " ")
            return "Image \(image.offset + 1): \(list)"
        }
        var remedies: [String] = []
        for finding in findings.joined() where !remedies.contains(finding.remedy) { remedies.append(finding.remedy) }
        throw CutisError(.imageQuality, what.joined(separator: " "), remedy: remedies.joined(separator: " "))
    }

    /// SHA-256 over the SHA-256 of each image in order.
    static func inputHash(of images: [IncomingImage]) -> String {
        Hexadecimal.sha256(Data(images.map(\.sha256).joined().utf8))
    }
}
