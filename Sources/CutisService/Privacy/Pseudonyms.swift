import Crypto
import CutisCore
import Foundation

/// What the store knows patients by: HMAC-SHA-256 of the clinic's own identifier, with a key of the installation and
/// the clinic, so that nobody without the secret can find out who it is, or that two clinics have the same patient.
struct Pseudonyms: Sendable {
    private let secret: InstallationSecret
    /// The most bytes of an identifier.
    static let mostBytes = 128

    init(_ secret: InstallationSecret) {
        self.secret = secret
    }

    /// The pseudonym of a patient, in hexadecimal.
    ///
    /// Spaces around an identifier and the way in which its accents are composed make no difference.
    ///
    /// - Throws: `CutisError` with `.requestInvalid` for an empty identifier, one of more than 128 bytes, or one with
    ///   control characters; the message never holds it.
    func pseudonym(of patient: String, clinic: String) throws(CutisError) -> String {
        let name = patient.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
        guard !name.isEmpty, name.utf8.count <= Self.mostBytes,
            name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw CutisError(
                .requestInvalid,
                "The patient's identifier is empty, longer than \(Self.mostBytes) bytes, or has control characters.",
                remedy: "Send the identifier by which your clinic knows the patient, in `patient_id`.")
        }
        return secret.code(name, purpose: "patient:\(clinic)")
    }
}
