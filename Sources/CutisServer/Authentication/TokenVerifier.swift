import CutisCore
package import CutisService
import CutisStorage
package import Foundation
import JWTKit
package import Logging

/// Decides whether a token of the identity provider is genuine, in time, and meant for this server (RFC 8725).
package struct TokenVerifier: Sendable {
    private let configuration: TokenConfiguration
    private let keys: KeySet
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - timeLimit: how long a reading of the key set over the network may take.
    ///   - read: reads the key set, in place of what the configuration says.
    package init(
        _ configuration: TokenConfiguration, now: @escaping @Sendable () -> Int64 = { Timestamp.now },
        logger: Logger, timeLimit: Duration = .seconds(10), read: (@Sendable () async throws -> Data)? = nil
    ) {
        self.configuration = configuration
        self.now = now
        keys =
            read.map { KeySet(read: $0, now: now, logger: logger) }
            ?? KeySet(configuration, now: now, logger: logger, timeLimit: timeLimit)
    }

    /// Who a token speaks of.
    ///
    /// - Throws: `CutisError` with `.unauthenticated`.
    package func identity(of text: String) async throws -> ExternalIdentity {
        let token = try JSONWebToken(text)
        guard let algorithm = TokenConfiguration.Algorithm(rawValue: token.algorithm),
            configuration.algorithms.contains(algorithm)
        else { throw JSONWebToken.refused("uses an algorithm that is not allowed here") }
        let candidates = try await keys.candidates(keyID: token.keyID, algorithm: algorithm)
        guard candidates.contains(where: { (try? $0.verify(token.signature, signs: token.signed)) == true }) else {
            throw JSONWebToken.refused("has a wrong signature")
        }
        var claims = token.claims
        do {
            return try identity(&claims)
        } catch {
            throw error.code == .requestInvalid ? JSONWebToken.refused("has a claim of a wrong kind") : error
        }
    }

    private func identity(_ claims: inout JSONFields) throws(CutisError) -> ExternalIdentity {
        guard try claims.optionalText("iss", length: 1...1024) == configuration.issuer else {
            throw JSONWebToken.refused("comes from another issuer")
        }
        guard try claims.texts("aud").contains(configuration.audience) else {
            throw JSONWebToken.refused("is meant for another audience")
        }
        let seconds = now() / 1000
        guard let expiry = try claims.optionalTime("exp"), seconds < expiry + configuration.leeway else {
            throw JSONWebToken.refused("has expired")
        }
        for claim in ["nbf", "iat"] {
            if let start = try claims.optionalTime(claim), start > seconds + configuration.leeway {
                throw JSONWebToken.refused("is not valid yet")
            }
        }
        guard let subject = try claims.optionalText("sub", length: 1...255) else {
            throw JSONWebToken.refused("names no subject")
        }
        guard let role = try claims.texts(configuration.roleClaim).lazy.compactMap({ configuration.roles[$0] }).first
        else { throw JSONWebToken.refused("names no role that is known here") }
        return ExternalIdentity(
            issuer: configuration.issuer, subject: subject,
            name: try claims.optionalText("name", length: 1...255) ?? subject, role: role,
            clinic: try claims.optionalText(configuration.clinicClaim, length: 1...255))
    }
}

extension JSONFields {
    /// The texts of a claim that is one text or a list of texts; none where it is missing.
    fileprivate mutating func texts(_ name: String) throws(CutisError) -> [String] {
        switch node(name) {
        case .string(let range, let isEscaped)?: return [try document.text(range, isEscaped: isEscaped)]
        case .array(let nodes)?:
            var all: [String] = []
            for case .string(let range, let isEscaped) in nodes.prefix(64) {
                all.append(try document.text(range, isEscaped: isEscaped))
            }
            return all
        default: return []
        }
    }

    /// Seconds since 1970, a number that may have a fraction (RFC 7519, NumericDate).
    fileprivate mutating func optionalTime(_ name: String) throws(CutisError) -> Int64? {
        switch node(name) {
        case nil: return nil
        case .number(let range)?:
            let text = document.withBytes(range) { String(decoding: $0, as: UTF8.self) }
            guard let number = Double(text), abs(number) < 1e15 else { throw wrong(name, "is out of range") }
            return Int64(number)
        default: throw wrong(name, "is not a number")
        }
    }
}
