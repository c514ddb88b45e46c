import CutisCore
import CutisServer
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@Suite struct RouteTests {
    /// Routes and what the document says of them.
    private struct Route {
        var method: String
        var path: String
        var roles: Set<String>?
        var isPublic: Bool
        var hasBody: Bool

        /// A request of the route: every parameter is the same well-formed id, which nothing has.
        var uri: String {
            path.replacingOccurrences(
                of: "\\{[a-z]+\\}", with: "0192f0c1-7b6e-7c3a-8f2d-5a9e3c1b4d6f", options: .regularExpression)
        }
    }

    private func routes(_ client: any TestClientProtocol) async throws -> [Route] {
        let paths = try #require(
            try await client.send(.get, "/openapi.json")["paths"] as? [String: [String: [String: Any]]])
        return paths.flatMap { path, item in
            item.map { method, operation in
                Route(
                    method: method.uppercased(), path: path,
                    roles: (operation["x-roles"] as? [String]).map(Set.init),
                    isPublic: (operation["security"] as? [Any])?.isEmpty == true,
                    hasBody: operation["requestBody"] != nil)
            }
        }
    }

    @Test func documentNamesEveryRouteAndNoOther() async throws {
        let server = try await TestServer()
        try await server.test { client in
            let documented = Set(try await routes(client).map { "\($0.method) \($0.path)" })
            let registered = Set(
                try registeredRoutes(server.container, configuration: server.configuration)
                    .filter {
                        !$0.hasPrefix("HEAD ")
                            && ($0.contains(" /api/") || $0.contains(" /v2") || $0.contains(" /health")
                                || $0.contains(" /metrics") || $0.contains(" /openapi"))
                    })
            #expect(documented == registered)
            #expect(documented.count > 40)
        }
    }

    @Test func withoutCredentialsEveryRouteThatIsNotPublicSaysSo() async throws {
        let server = try await TestServer()
        try await server.test { client in
            for route in try await routes(client) {
                let method = try #require(HTTPRequest.Method(route.method))
                let answer = try await client.send(method, route.uri, json: route.hasBody ? "{}" : nil)
                if route.isPublic {
                    #expect(answer.status == 200, "\(route)")
                } else {
                    #expect(answer.status == 401, "\(route)")
                    #expect(answer.code == "unauthenticated", "\(route)")
                    #expect(answer.response.headers[.wwwAuthenticate] != nil)
                }
            }
        }
    }

    @Test func everyRouteRefusesTheRolesThatTheDocumentDoesNotName() async throws {
        let server = try await TestServer()
        try await server.test { client in
            for route in try await routes(client) {
                guard let roles = route.roles else { continue }
                let method = try #require(HTTPRequest.Method(route.method))
                for role in Role.allCases {
                    let answer = try await client.send(
                        method, route.uri, key: server.key(role), json: route.hasBody ? "{}" : nil)
                    if roles.contains(role.rawValue) {
                        // The whole audit trail is the installation's, not a clinic's.
                        let isWhole = route.path.hasPrefix("/api/v1/audit/") || route.path == "/api/v1/accounts/clinics"
                        #expect(answer.status != 401 && (isWhole || answer.status != 403), "\(role) \(route)")
                    } else {
                        #expect(answer.status == 403, "\(role) \(route): \(answer.json)")
                        #expect(answer.code == "forbidden", "\(role) \(route)")
                    }
                }
            }
        }
    }

    @Test func anotherClinicsObjectsDoNotExist() async throws {
        let server = try await TestServer()
        try await server.test { client in
            let mine = try await client.analyze(server)
            #expect(mine.status == 200)
            let visit = try await client.send(
                .post, "/api/v1/visits", key: server.key(.clinician),
                json: "{\"images\":[\"\(TestServer.image().base64EncodedString())\"],\"patient_id\":\"P-2\"}")
            let patient = try #require(mine["patient"] as? String)
            let keys = try await client.send(.get, "/api/v1/accounts/keys", key: server.key(.admin))
            let key = try #require((keys["keys"] as? [[String: Any]])?.first?["id"] as? String)
            let cases: [(HTTPRequest.Method, String, Role, String?)] = [
                (.get, "/api/v1/analyses/\(mine.id)", .clinician, nil),
                (.get, "/api/v1/analyses/\(mine.id)", .device, nil),
                (.get, "/api/v1/analyses?patient=\(patient)", .clinician, nil),
                (.get, "/api/v1/analyses?clinic_id=north", .clinician, nil),
                (.delete, "/api/v1/analyses/\(mine.id)", .admin, nil),
                (.post, "/api/v1/analyses/\(mine.id)/sign", .clinician, nil),
                (.get, "/api/v1/analyses/\(mine.id)/image", .clinician, nil),
                (.get, "/api/v1/analyses/\(mine.id)/attention", .clinician, nil),
                (.post, "/api/v1/explain", .clinician, "{\"analysis_id\":\"\(mine.id)\"}"),
                (.get, "/api/v1/visits/\(visit.id)", .clinician, nil),
                (.post, "/api/v1/analyze", .clinician, TestServer.analyzeBody("nv=1", ",\"clinic_id\":\"north\"")),
                (
                    .post, "/api/v1/patients/search", .clinician,
                    "{\"patient_id\":\"P-1\",\"clinic_id\":\"north\"}"
                ),
                (.post, "/api/v1/patients/search", .clinician, "{\"patient_id\":\"P-1\"}"),
                (.get, "/api/v1/patients/\(patient)", .clinician, nil),
                (.get, "/api/v1/patients/\(patient)/analyses", .clinician, nil),
                (.delete, "/api/v1/patients/\(patient)", .admin, nil),
                (
                    .post, "/api/v1/feedback", .clinician,
                    "{\"analysis_id\":\"\(mine.id)\",\"kind\":\"confirmation\"}"
                ),
                (.get, "/api/v1/feedback?analysis_id=\(mine.id)", .clinician, nil),
                (.post, "/api/v1/reviews/\(mine.id)", .reviewer, "{\"outcome\":\"upheld\"}"),
                (.patch, "/api/v1/accounts/users/\(server.user(.clinician))", .admin, "{\"disabled\":true}"),
                (
                    .post, "/api/v1/accounts/users", .admin,
                    "{\"name\":\"X\",\"role\":\"reviewer\",\"clinic_id\":\"north\"}"
                ),
                (.post, "/api/v1/accounts/keys", .admin, "{\"user\":\"\(server.user(.clinician))\"}"),
                (.get, "/api/v1/accounts/keys?user=\(server.user(.clinician))", .admin, nil),
                (.delete, "/api/v1/accounts/keys/\(key)", .admin, nil),
            ]
            for (method, uri, role, body) in cases {
                let answer = try await client.send(method, uri, key: server.key(role, "south"), json: body)
                #expect(answer.status == 404, "\(method) \(uri) \(role): \(answer.status) \(answer.json)")
                #expect(answer.code == "not-found", "\(method) \(uri)")
            }
            for (uri, name) in [
                ("/api/v1/analyses", "analyses"), ("/api/v1/feedback", "feedback"), ("/api/v1/audit", "entries"),
                ("/api/v1/accounts/users", "users"), ("/api/v1/accounts/keys", "keys"),
                ("/api/v1/accounts/clinics", "clinics"),
            ] {
                let north = try await client.send(.get, uri, key: server.key(.admin, "south"))
                let text = String(buffer: north.response.body)
                #expect(north.status == 200 && north[name] != nil, "\(uri): \(text)")
                for foreign in [mine.id, patient, server.user(.clinician), "\"north\""] {
                    #expect(!text.contains(foreign), "\(uri)")
                }
            }
            // The analysis is still there, and unsigned.
            let after = try await client.send(.get, "/api/v1/analyses/\(mine.id)", key: server.key(.clinician))
            #expect(after.status == 200 && after["status"] as? String == "preliminary")
        }
    }

    /// Where the database is, and as whom it is reached, is for those who operate the server.
    @Test func aLostDatabaseIsToldWithoutItsPlace() async throws {
        let server = try await TestServer()
        try await server.test { client in
            await server.container.database.close()
            let ready = try await client.send(.get, "/health/ready")
            #expect(ready.status == 503 && ready.code == "storage-unavailable")
            let text = "\(ready["detail"] ?? "") \(ready["remedy"] ?? "")"
            #expect(!text.contains("sqlite") && !text.contains(server.folder.lastPathComponent), "\(text)")
            #expect(text.contains("request_id") && text.contains("Try again"), "\(text)")
            #expect(ready.response.headers[.retryAfter] != nil)
        }
    }

    @Test func unknownAddressesAndMethodsSaySo() async throws {
        let server = try await TestServer()
        try await server.test { client in
            let nothing = try await client.send(.get, "/api/v1/nothing")
            #expect(nothing.status == 404 && nothing.code == "not-found")
            let wrong = try await client.send(.put, "/api/v1/analyze")
            #expect(wrong.status == 405 && wrong.code == "method-not-allowed")
            #expect(wrong.response.headers[.allow] == "POST")
            let other = try await client.send(.post, "/api/v1/analyses/\(UUID().uuidString.lowercased())")
            #expect(other.response.headers[.allow] == "DELETE, GET, HEAD")
            // It fits the address of one patient too, but only its own methods count.
            let search = try await client.send(.get, "/api/v1/patients/search")
            #expect(search.status == 405 && search.response.headers[.allow] == "POST")
            #expect(nothing.response.headers[.contentType] == "application/problem+json")
        }
    }
}
