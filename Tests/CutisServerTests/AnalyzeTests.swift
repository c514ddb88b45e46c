import CutisCore
import CutisServer
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import ServiceFakes
import Testing

@Suite struct AnalyzeTests {
    @Test func oneImageIsAnsweredInEveryForm() async throws {
        let server = try await TestServer()
        try await server.test { client in
            let key = server.key(.clinician)
            let json = try await client.analyze(server)
            #expect(json.status == 200, "\(json.json)")
            let diagnosis = try #require(json["diagnosis"] as? [String: Any])
            #expect(diagnosis["primary"] as? String == "mel")
            #expect(diagnosis["melanoma_risk"] as? Double == 0.8)
            #expect(json["attention_map"] as? String != nil)
            #expect(json["model_version"] as? String == "fake-classification@1.0.0")
            let plain = try await client.send(
                .post, "/api/v1/analyze", key: key, json: TestServer.analyzeBody("nv=1", ",\"explain\":false"))
            #expect(plain.status == 200 && plain["attention_map"] is NSNull)
            let raw = try await client.send(
                .post, "/api/v1/analyze?patient_id=P%201&clinic_id=north&explain=false", key: key,
                body: TestServer.image(), type: "image/jpeg")
            #expect(raw.status == 200, "\(raw.json)")
            var form = Data("--b1\r\nContent-Disposition: form-data; name=\"patient_id\"\r\n\r\nP-1\r\n".utf8)
            form += Data("--b1\r\nContent-Disposition: form-data; name=\"image\"; filename=\"x.jpg\"\r\n\r\n".utf8)
            form += TestServer.image() + Data("\r\n--b1--\r\n".utf8)
            let multipart = try await client.send(
                .post, "/api/v1/analyze", key: key, body: form, type: "multipart/form-data; boundary=b1")
            #expect(multipart.status == 200, "\(multipart.json)")
            // The same patient by JSON and by form.
            #expect(multipart["patient"] as? String == json["patient"] as? String)
        }
    }

    @Test func theWayOfACase() async throws {
        let server = try await TestServer()
        try await server.test { client in
            let (clinician, reviewer) = (server.key(.clinician), server.key(.reviewer))
            let image = TestServer.image().base64EncodedString()
            let made = try await client.analyze(server)
            let id = made.id
            let cases: [(HTTPRequest.Method, String, String, String?, Int)] = [
                (.get, "/api/v1/analyses/\(id)", clinician, nil, 200),
                (.get, "/api/v1/analyses?limit=1", clinician, nil, 200),
                (.get, "/api/v1/analyses/\(id)/image", clinician, nil, 200),
                (.get, "/api/v1/analyses/\(id)/attention?picture=overlay", clinician, nil, 200),
                (.post, "/api/v1/explain", clinician, "{\"analysis_id\":\"\(id)\",\"class\":\"nv\"}", 200),
                (.post, "/api/v1/patients/search", clinician, "{\"patient_id\":\"P-1\"}", 200),
                (.get, "/api/v1/patients/\(made["patient"] as? String ?? "")/analyses", clinician, nil, 200),
                (
                    .post, "/api/v1/feedback", clinician,
                    "{\"analysis_id\":\"\(id)\",\"kind\":\"histology\",\"label\":\"nv\"}", 201
                ),
                (.get, "/api/v1/feedback?analysis_id=\(id)", clinician, nil, 200),
                (.get, "/api/v1/feedback/export?format=jsonl", reviewer, nil, 200),
                (.get, "/api/v1/reviews?filter=corrections", reviewer, nil, 200),
                (.post, "/api/v1/reviews/\(id)", reviewer, "{\"outcome\":\"upheld\"}", 200),
                (.post, "/api/v1/analyses/\(id)/sign", clinician, nil, 200),
                (.post, "/api/v1/analyses/\(id)/sign", clinician, nil, 409),
                (
                    .post, "/api/v1/visits", clinician,
                    "{\"images\":[\"\(image)\",\"\(image)\"],\"patient_id\":\"P-1\"}", 200
                ),
                (.post, "/api/v1/screen", clinician, "{\"images\":[\"\(image)\"],\"patient_id\":\"P-1\"}", 200),
                (.post, "/api/v1/embed", clinician, "{\"images\":[\"\(image)\"]}", 200),
                (.post, "/api/v1/quality", clinician, "{\"image\":\"\(image)\"}", 200),
                (.get, "/api/v1/models", clinician, nil, 200),
                (.post, "/api/v1/models", server.key(.engineer), "{\"bundle\":\"new\"}", 201),
                (.post, "/api/v1/models/fake-classification/versions/2.0.0/activate", server.key(.engineer), nil, 200),
                (.delete, "/api/v1/models/fake-classification/versions/2.0.0", server.key(.engineer), nil, 409),
                (.post, "/api/v1/models", server.key(.engineer), "{\"bundle\":\"../bundles/c\"}", 400),
                (.get, "/v2", clinician, nil, 200), (.get, "/v2/models/fake-screening", clinician, nil, 200),
                (.get, "/v2/models/fake-screening/versions/1.0.0/ready", clinician, nil, 200),
                (
                    .post, "/v2/models/fake-classification/infer", clinician,
                    "{\"id\":\"7\",\"inputs\":[{\"name\":\"image\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"\(image)\"]}]}",
                    200
                ),
                (.get, "/api/v1/audit", server.key(.auditor), nil, 200),
                (.post, "/api/v1/audit/verify", server.adminKey, nil, 200),
                (.get, "/api/v1/audit/head", server.adminKey, nil, 200),
                (.get, "/api/v1/audit/export", server.adminKey, nil, 200),
                (.get, "/metrics", server.key(.engineer), nil, 200),
                (.delete, "/api/v1/analyses/\(id)", server.key(.admin), nil, 204),
                (.get, "/api/v1/analyses/\(id)", clinician, nil, 404),
            ]
            for (method, uri, key, body, status) in cases {
                let answer = try await client.send(method, uri, key: key, json: body)
                #expect(answer.status == status, "\(method) \(uri): \(answer.status) \(answer.json)")
            }
            let verified = try await client.send(.post, "/api/v1/audit/verify", key: server.adminKey)
            #expect(verified["intact"] as? Bool == true)
            // Nothing of a patient in the metrics, and templates for routes.
            let metrics = String(
                buffer: try await client.send(.get, "/metrics", key: server.key(.engineer)).response.body)
            #expect(metrics.contains("route=\"/api/v1/analyses/{id}\"") && !metrics.contains(id))
        }
    }

    @Test func placesOnTheBodyGoWithTheirImages() async throws {
        let server = try await TestServer()
        try await server.test { client in
            let key = server.key(.clinician)
            let image = "\"\(TestServer.image().base64EncodedString())\""
            let one = try await client.send(
                .post, "/api/v1/analyze", key: key, json: TestServer.analyzeBody("nv=1", ",\"body_site\":\"back\""))
            #expect(one["body_site"] as? String == "back", "\(one.json)")
            let query = try await client.send(
                .post, "/api/v1/analyze?patient_id=P-1&body_site=acral", key: key, body: TestServer.image(),
                type: "image/jpeg")
            #expect(query["body_site"] as? String == "acral", "\(query.json)")
            func visit(_ sites: String) -> String {
                "{\"images\":[\(image),\(image)],\"patient_id\":\"P-1\"\(sites)}"
            }
            let both = try await client.send(
                .post, "/api/v1/visits", key: key, json: visit(",\"body_sites\":[\"arm\",\"leg\"]"))
            let lesions = try #require(both["analyses"] as? [[String: Any]])
            #expect(lesions.map { $0["body_site"] as? String } == ["arm", "leg"])
            let none = try await client.send(.post, "/api/v1/visits", key: key, json: visit(""))
            #expect((none["analyses"] as? [[String: Any]])?.allSatisfy { $0["body_site"] is NSNull } == true)
            for wrong in [
                visit(",\"body_sites\":[\"arm\"]"), visit(",\"body_sites\":[\"arm\",\"moon\"]"),
                visit(",\"body_sites\":\"arm\""), visit(",\"body_sites\":[1,2]"), visit(",\"body_site\":\"arm\""),
            ] {
                let refused = try await client.send(.post, "/api/v1/visits", key: key, json: wrong)
                #expect(refused.status == 400 && refused["code"] as? String == "request-invalid", "\(refused.json)")
            }
        }
    }

    @Test func whatIsWrongHasACodeOfItsOwn() async throws {
        let server = try await TestServer {
            $0.limits.imageBytes = 1000
            $0.limits.bodyBytes = 8000
        }
        try await server.test { client in
            let big = Data("IMAGE ".utf8) + Data(repeating: 65, count: 2000)
            let image = TestServer.image().base64EncodedString()
            let many = Array(repeating: "\"\(image)\"", count: 17).joined(separator: ",")
            let cases: [(String, Data, String, Int, String)] = [
                ("/api/v1/analyze", Data(), "application/json", 400, "request-invalid"),
                ("/api/v1/analyze", Data("{".utf8), "application/json", 400, "request-invalid"),
                ("/api/v1/analyze", Data("[]".utf8), "application/json", 400, "request-invalid"),
                (
                    "/api/v1/analyze", Data("{\"image\":\"!!\",\"patient_id\":\"P\"}".utf8), "application/json", 400,
                    "request-invalid"
                ),
                ("/api/v1/analyze", Data("{\"image\":\"\(image)\"}".utf8), "application/json", 400, "request-invalid"),
                (
                    "/api/v1/analyze", Data(TestServer.analyzeBody("nv=1", ",\"x\":1").utf8), "application/json", 400,
                    "request-invalid"
                ),
                (
                    "/api/v1/analyze", Data(TestServer.analyzeBody("nv=1", ",\"patient_id\":\"Q\"").utf8),
                    "application/json", 400, "request-invalid"
                ),
                (
                    "/api/v1/analyze", Data(String(repeating: "[", count: 5000).utf8), "application/json", 400,
                    "request-invalid"
                ),
                (
                    "/api/v1/analyze", Data("{\"image\":\"\(big.base64EncodedString())\",\"patient_id\":\"P\"}".utf8),
                    "application/json", 413, "image-too-large"
                ),
                ("/api/v1/analyze?patient_id=P", big, "image/png", 413, "image-too-large"),
                ("/api/v1/analyze", Data(repeating: 32, count: 9000), "application/json", 413, "body-too-large"),
                ("/api/v1/analyze", Data("x".utf8), "text/plain", 415, "media-type-unsupported"),
                ("/api/v1/analyze", Data("x".utf8), "multipart/form-data", 400, "request-invalid"),
                (
                    "/api/v1/analyze", Data("--b\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\nx".utf8),
                    "multipart/form-data; boundary=b", 400, "request-invalid"
                ),
                ("/api/v1/analyze?patient_id=P", Data("PNG?".utf8), "image/png", 422, "image-corrupt"),
                ("/api/v1/analyze?patient_id=P", TestServer.image("noskin"), "image/png", 422, "image-quality"),
                ("/api/v1/analyze?patient_id=P&patient_id=Q", TestServer.image(), "image/png", 400, "request-invalid"),
                ("/api/v1/analyze?patient_id=%FF", TestServer.image(), "image/png", 400, "request-invalid"),
                (
                    "/api/v1/visits", Data("{\"images\":[\(many)],\"patient_id\":\"P\"}".utf8), "application/json", 422,
                    "too-many-images"
                ),
                (
                    "/api/v1/visits", Data("{\"images\":[],\"patient_id\":\"P\"}".utf8), "application/json", 400,
                    "request-invalid"
                ),
            ]
            for (uri, body, type, status, code) in cases {
                let answer = try await client.send(.post, uri, key: server.key(.clinician), body: body, type: type)
                #expect(answer.status == status, "\(uri) \(type) \(body.prefix(60)): \(answer.json)")
                #expect(answer.code == code, "\(uri) \(type) \(body.prefix(60)): \(answer.json)")
                #expect((answer["remedy"] as? String)?.isEmpty == false && answer["request_id"] != nil)
            }
            let zipped = try await client.send(
                .post, "/api/v1/analyze", key: server.key(.clinician), body: Data("x".utf8),
                headers: [.contentEncoding: "gzip"])
            #expect(zipped.status == 415 && zipped.code == "media-type-unsupported")
            server.model.fail(CutisError(.computeFailed, "/secret/path exploded", remedy: "x"))
            let failed = try await client.analyze(server)
            #expect(failed.status == 500 && failed.code == "compute-failed")
            #expect(!String(buffer: failed.response.body).contains("secret"))
        }
    }

    @Test func aRepeatedRequestIsDoneOnce() async throws {
        let server = try await TestServer()
        try await server.test { client in
            let key = server.key(.clinician)
            let name = try #require(HTTPField.Name("Idempotency-Key"))
            let first = try await client.send(
                .post, "/api/v1/analyze", key: key, json: TestServer.analyzeBody(), headers: [name: "k-1"])
            let second = try await client.send(
                .post, "/api/v1/analyze", key: key, json: TestServer.analyzeBody(), headers: [name: "k-1"])
            #expect(first.status == 200 && second.status == 200, "\(second.json)")
            #expect(first.id == second.id && !first.id.isEmpty)
            #expect(second["attention_map"] as? String == first["attention_map"] as? String)
            let other = try await client.send(
                .post, "/api/v1/analyze", key: key, json: TestServer.analyzeBody("nv=1"), headers: [name: "k-1"])
            #expect(other.status == 422 && other.code == "idempotency-mismatch")
            let bad = try await client.send(
                .post, "/api/v1/analyze", key: key, json: TestServer.analyzeBody(), headers: [name: "a b"])
            #expect(bad.status == 400)
            let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let answer = try await client.send(
                            .post, "/api/v1/analyze", key: key, json: TestServer.analyzeBody("bcc=1"),
                            headers: [name: "k-2"])
                        return (answer.status, answer.id)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.filter { $0.0 == 200 }.map(\.1)).count == 1)
            #expect(answers.allSatisfy { $0.0 == 200 || $0.0 == 409 })
            let list = try await client.send(.get, "/api/v1/analyses", key: key)
            #expect((list["analyses"] as? [Any])?.count == 2)
        }
    }

    @Test func headersOfEveryAnswer() async throws {
        let server = try await TestServer(limits: ClientLimits(rate: 0.01, burst: 2))
        try await server.test { client in
            let trace = try #require(HTTPField.Name("traceparent"))
            let id = try #require(HTTPField.Name("X-Request-ID"))
            let answer = try await client.send(
                .get, "/health/live",
                headers: [trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", id: "Jane Doe"])
            let given = try #require(answer.response.headers[trace])
            #expect(given.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-") && given.hasSuffix("-01"))
            #expect(!given.contains("b7ad6b7169203331"))
            #expect(Identifier.isValid(answer.response.headers[id] ?? ""))
            let broken = try await client.send(
                .get, "/health/live", headers: [trace: "00-\(String(repeating: "0", count: 32))-b7ad6b7169203331-01"])
            #expect(broken.response.headers[trace]?.contains("-0000") == false)
            #expect(answer.response.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
            #expect(answer.response.headers[.xContentTypeOptions] == "nosniff")
            var codes: [Int] = []
            for _ in 0..<4 {
                let one = try await client.analyze(server)
                codes.append(one.status)
                if one.status == 429 {
                    #expect(one.code == "rate-limited" && one.response.headers[.retryAfter] != nil)
                }
            }
            #expect(codes == [200, 200, 429, 429])
        }
    }
}
