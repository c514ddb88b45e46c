import CutisCore
import CutisServer
import CutisStorage
import Foundation
import Logging

extension ServiceConfiguration {
    mutating func readServer(_ reader: SettingReader) throws(CutisError) {
        server.version = Cutis.version
        server.host = try reader.text("http.host") ?? server.host
        server.port = try reader.integer("http.port", in: 0...65_535) ?? server.port
        server.publicOrigin = try publicOrigin(reader)
        server.publicMetrics = try reader.flag("http.public_metrics") ?? false
        let mega = 1 << 20
        server.limits.connections =
            try reader.integer("http.connections", in: 1...1_000_000) ?? server.limits.connections
        server.limits.bodyBytes =
            try reader.integer("http.body_bytes", in: 1024...(4096 * mega)) ?? server.limits.bodyBytes
        server.limits.imageBytes =
            try reader.integer("http.image_bytes", in: 1024...(1024 * mega)) ?? server.limits.imageBytes
        server.limits.imagesPerVisit =
            try reader.integer("http.visit_images", in: 1...256) ?? server.limits.imagesPerVisit
        server.timeouts.idle = try reader.seconds("http.idle_seconds") ?? server.timeouts.idle
        server.timeouts.body = try reader.seconds("http.body_seconds") ?? server.timeouts.body
        server.timeouts.request = try reader.seconds("http.request_seconds") ?? server.timeouts.request
        server.timeouts.drain = try reader.seconds("http.drain_seconds") ?? server.timeouts.drain
        logLevel = try reader.choice("log.level", Logger.Level.self) ?? logLevel
        switch (try reader.path("tls.certificate"), try reader.path("tls.key")) {
        case (let certificate?, let key?): server.tls = .init(certificate: certificate, privateKey: key)
        case (nil, nil): break
        default:
            throw CutisError(
                .configInvalid, "`tls.certificate` and `tls.key` belong together, and only one of them is set.",
                remedy: "Set both, or none.")
        }
        try readTokens(reader)
    }

    private mutating func readTokens(_ reader: SettingReader) throws(CutisError) {
        guard let issuer = try reader.text("tokens.issuer") else {
            return try refuse(
                ["tokens.audience", "tokens.keys_address", "tokens.keys_file"], without: "tokens.issuer", reader)
        }
        guard let audience = try reader.text("tokens.audience") else {
            throw CutisError(
                .configInvalid, "`tokens.issuer` is set, but not `tokens.audience`.",
                remedy: "Set the audience that tokens for this server have.")
        }
        let keys = try keySource(reader)
        var tokens = TokenConfiguration(issuer: issuer, audience: audience, keys: keys)
        if let names = try reader.texts("tokens.algorithms") {
            var algorithms: Set<TokenConfiguration.Algorithm> = []
            for name in names {
                guard let algorithm = TokenConfiguration.Algorithm(rawValue: name) else {
                    throw CutisError(
                        .configInvalid, "`tokens.algorithms` has “\(name)”, which is not allowed.",
                        remedy: "Use some of "
                            + TokenConfiguration.Algorithm.allCases.map(\.rawValue).joined(separator: ", ") + ".")
                }
                algorithms.insert(algorithm)
            }
            tokens.algorithms = algorithms
        }
        tokens.authority = try reader.path("tokens.keys_authority")
        tokens.roleClaim = try reader.text("tokens.role_claim") ?? tokens.roleClaim
        tokens.clinicClaim = try reader.text("tokens.clinic_claim") ?? tokens.clinicClaim
        tokens.leeway = Int64(try reader.integer("tokens.leeway_seconds", in: 0...600) ?? Int(tokens.leeway))
        server.tokens = tokens
    }

    private func keySource(_ reader: SettingReader) throws(CutisError) -> TokenConfiguration.KeySource {
        switch (try reader.path("tokens.keys_file"), try reader.text("tokens.keys_address")) {
        case (let file?, nil): return .file(file)
        case (nil, let text?):
            guard let url = URL(string: text), url.scheme == "https", url.host?.isEmpty == false else {
                throw CutisError(
                    .configInvalid, "`tokens.keys_address` is “\(text.prefix(60))”, which is no https address.",
                    remedy: "Set the https address of the identity provider's key set (its `jwks_uri`).")
            }
            return .address(url)
        case (nil, nil):
            throw CutisError(
                .configInvalid,
                "`tokens.issuer` is set, but neither `tokens.keys_file` nor `tokens.keys_address`.",
                remedy: "Set one of them to the identity provider's key set.")
        case (.some, .some):
            throw CutisError(
                .configInvalid, "`tokens.keys_file` and `tokens.keys_address` are both set.",
                remedy: "Set the one that holds the identity provider's key set.")
        }
    }

    /// How browsers reach the service, in the form in which they send it: any other would refuse every form.
    private func publicOrigin(_ reader: SettingReader) throws(CutisError) -> String? {
        guard let text = try reader.text("http.public_origin") else { return nil }
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            let usualPort = ["http": 80, "https": 443][scheme], let host = parts.host?.lowercased(), !host.isEmpty,
            ["", "/"].contains(parts.path), parts.user == nil, parts.query == nil, parts.fragment == nil
        else {
            throw CutisError(
                .configInvalid, "`http.public_origin` is “\(text.prefix(60))”, which is not the origin of a web page.",
                remedy: "Write scheme and host alone, such as https://cutis.example.org.")
        }
        guard let port = parts.port, port != usualPort else { return "\(scheme)://\(host)" }
        return "\(scheme)://\(host):\(port)"
    }

    /// Refuses to offer patients' data to a network in clear text, unless someone says that a proxy does TLS.
    func checkExposure(_ reader: SettingReader) throws(CutisError) {
        let allowed = try reader.flag("http.insecure") ?? false
        guard server.tls == nil, !Self.isLoopback(server.host), !allowed else { return }
        throw CutisError(
            .configInvalid,
            "The service would listen on \(server.host), which other machines reach, without TLS: keys and photos would "
                + "cross the network in clear text.",
            remedy: "Set `tls.certificate` and `tls.key`; or, behind a proxy that does TLS, say so with --insecure "
                + "(`http.insecure: true`).")
    }

    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.wholeMatch(of: /127\.\d{1,3}\.\d{1,3}\.\d{1,3}/) != nil
    }

    /// The address of the web page.
    var address: String {
        if let origin = server.publicOrigin { return origin + "/" }
        let wild = ["0.0.0.0", "::"].contains(server.host)
        let host = wild ? "127.0.0.1" : server.host.contains(":") ? "[\(server.host)]" : server.host
        return "\(server.tls == nil ? "http" : "https")://\(host):\(server.port)/"
    }
}
