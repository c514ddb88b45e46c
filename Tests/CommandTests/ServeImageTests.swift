import CutisCore
import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What the running service says to images that are none, are damaged, or attack it.
@Suite(.serialized) struct ServeImageTests {
    /// In what forms an image is sent.
    private enum Form: CaseIterable {
        case raw, json, multipart
    }

    private static let limits = ["CUTIS_LIMITS_RATE": "100000", "CUTIS_LIMITS_BURST": "100000"]

    private static func send(
        _ image: Data, as form: Form, to service: RunningService, _ key: String
    ) throws -> RunningService.Answer {
        switch form {
        case .raw:
            return try service.post(
                "/api/v1/analyze?patient_id=P&explain=false", image, type: "image/jpeg", key: key)
        case .json:
            return try service.post(
                "/api/v1/analyze",
                json: ["image": image.base64EncodedString(), "patient_id": "P", "explain": false], key: key)
        case .multipart:
            var body = Data("--b-7\r\nContent-Disposition: form-data; name=\"patient_id\"\r\n\r\nP\r\n".utf8)
            body += Data("--b-7\r\nContent-Disposition: form-data; name=\"explain\"\r\n\r\nfalse\r\n".utf8)
            body += Data("--b-7\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n".utf8)
            body += Data("Content-Type: image/jpeg\r\n\r\n".utf8) + image + Data("\r\n--b-7--\r\n".utf8)
            return try service.post(
                "/api/v1/analyze", body, type: "multipart/form-data; boundary=b-7", key: key)
        }
    }

    /// A refusal is a problem with a code, a remedy and the request's id, and the client's fault.
    private static func expect(
        _ code: ErrorCode, _ answer: RunningService.Answer, _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let text = "\(what): \(answer.status) \(String(decoding: answer.body.prefix(400), as: UTF8.self))"
        guard (400..<500).contains(answer.status), answer.type == "application/problem+json" else {
            Issue.record("not refused: \(text)", sourceLocation: sourceLocation)
            return
        }
        let problem = try answer.object()
        #expect(problem["code"] as? String == code.rawValue, "\(text)", sourceLocation: sourceLocation)
        #expect(problem["status"] as? Int == answer.status, "\(text)", sourceLocation: sourceLocation)
        for field in ["detail", "remedy", "request_id"] {
            #expect(
                (problem[field] as? String)?.isEmpty == false, "\(field) of \(text)", sourceLocation: sourceLocation)
        }
    }

    @Test func everyHostileImageIsAnsweredWithAReason() throws {
        let images = try HostileImages()
        try CommandLineTool.withFolder { folder in
            let service = try RunningService(folder, environment: Self.limits)
            try service.waitUntilReady()
            let key = try #require(service.adminKey)
            let before = try Self.send(images.png, as: .raw, to: service, key).object()
            var refused = 0
            for image in try images.all() {
                for form in Form.allCases {
                    let answer = try Self.send(image.data, as: form, to: service, key)
                    if let code = image.code {
                        try Self.expect(code, answer, "\(image.name), \(form)")
                        refused += 1
                    } else {
                        let text = String(decoding: answer.body.prefix(400), as: UTF8.self)
                        #expect(answer.status == 200, "\(image.name), \(form): \(text)")
                    }
                }
            }
            #expect(refused >= 150)
            // The very same answer as before, from a service that has logged no failure of its own.
            let after = try Self.send(images.png, as: .raw, to: service, key).object()
            let (first, last) = (before["diagnosis"] as? [String: Any], after["diagnosis"] as? [String: Any])
            #expect(first?["all_classes"] as? [String: Double] == last?["all_classes"] as? [String: Double])
            #expect(first?["all_classes"] != nil)
            #expect(!service.errors.contains("request failed"), "\(service.errors)")
            #expect(service.stop() == 0)
        }
    }

    /// One refused image refuses the request, on every route that takes images.
    @Test func everyRouteRefusesADamagedImage() throws {
        let images = try HostileImages()
        let (good, bad) = (images.png.base64EncodedString(), images.png.prefix(9_000).base64EncodedString())
        try CommandLineTool.withFolder { folder in
            let service = try RunningService(folder, environment: Self.limits)
            try service.waitUntilReady()
            let key = try #require(service.adminKey)
            let tensor: [String: Any] = ["name": "image", "shape": [1], "datatype": "BYTES", "data": [bad]]
            let requests: [(String, [String: Any])] = [
                ("/api/v1/visits", ["images": [good, bad], "patient_id": "P"]),
                ("/api/v1/embed", ["images": [good, bad]]),
                ("/api/v1/quality", ["image": bad]),
                ("/v2/models/cutis-dermoscopy/infer", ["inputs": [tensor]]),
            ]
            for (path, json) in requests {
                try Self.expect(.imageCorrupt, try service.post(path, json: json, key: key), path)
            }
            // Of the visit nothing is kept.
            let list = try service.get("/api/v1/analyses", key: key).object()
            #expect((list["analyses"] as? [Any])?.isEmpty == true)
            #expect(service.stop() == 0)
        }
    }

    @Test func base64ThatIsNoneIsRefused() throws {
        let images = try HostileImages()
        let text = images.png.base64EncodedString()
        let urlSafe = text.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        let wrapped = images.png.base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
        let large = Data(count: 21 << 20).base64EncodedString()
        let cases: [(String, Any, ErrorCode)] = [
            ("broken characters", "!!!!" + text, .requestInvalid), ("line breaks", wrapped, .requestInvalid),
            ("a blank before", " " + text, .requestInvalid), ("the alphabet for addresses", urlSafe, .requestInvalid),
            ("a data: address", "data:image/png;base64," + text, .requestInvalid),
            ("four pads", text + "====", .requestInvalid), ("a pad in the middle", "AA==" + text, .requestInvalid),
            ("one character", "A", .requestInvalid), ("bits left over", "AB==", .requestInvalid),
            ("nothing", "", .fileEmpty), ("a number", 7, .requestInvalid), ("null", NSNull(), .requestInvalid),
            ("a list", [text], .requestInvalid), ("an object", ["url": text], .requestInvalid),
            ("21 MiB", large, .imageTooLarge),
            ("text in base64", Data("hello".utf8).base64EncodedString(), .imageUnsupported),
        ]
        try CommandLineTool.withFolder { folder in
            let service = try RunningService(folder, environment: Self.limits)
            try service.waitUntilReady()
            let key = try #require(service.adminKey)
            for (name, value, code) in cases {
                let answer = try service.post("/api/v1/analyze", json: ["image": value, "patient_id": "P"], key: key)
                try Self.expect(code, answer, name)
            }
            // Padding may be left out, and writers escape slashes.
            let bare = String(text.prefix { $0 != "=" }).replacingOccurrences(of: "/", with: "\\/")
            let body = Data("{\"image\":\"\(bare)\",\"patient_id\":\"P\",\"explain\":false}".utf8)
            let answer = try service.post("/api/v1/analyze", body, type: "application/json", key: key)
            #expect(answer.status == 200, "\(String(decoding: answer.body.prefix(400), as: UTF8.self))")
            #expect(service.stop() == 0)
        }
    }

    /// No address that somebody sends is ever asked for: a listener on this machine sees no connection.
    @Test func noAddressIsFetched() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 ? getsockname(listener, $0, &length) : -1
            }
        }
        try #require(status == 0)
        let target = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/x.png"
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"\(target)\" width=\"9\" height=\"9\"/></svg>"
        try CommandLineTool.withFolder { folder in
            let service = try RunningService(folder, environment: Self.limits)
            try service.waitUntilReady()
            let key = try #require(service.adminKey)
            for json: [String: Any] in [
                ["image": target, "patient_id": "P"], ["image_url": target, "patient_id": "P"],
                ["image": ["url": target], "patient_id": "P"], ["url": target, "image": "AAAA", "patient_id": "P"],
            ] {
                try Self.expect(
                    .requestInvalid, try service.post("/api/v1/analyze", json: json, key: key), "\(json)")
            }
            for form in Form.allCases {
                for text in [target, svg, "<?xml version=\"1.0\"?><!DOCTYPE s SYSTEM \"\(target)\"><s/>"] {
                    let answer = try Self.send(Data(text.utf8), as: form, to: service, key)
                    try Self.expect(.imageUnsupported, answer, "\(text), \(form)")
                }
            }
            #expect(service.stop() == 0)
        }
        let connection = accept(listener, nil, nil)
        #expect(connection == -1, "the service has connected to \(target)")
        if connection >= 0 { close(connection) }
    }
}
