import CutisCore
import CutisServer
import Foundation
import HTTPTypes
import Testing

@Suite struct PageTests {
    @Test func everyPageAsksToSignIn() async throws {
        try await PageClinic().browse { browser in
            for path in ["/upload", "/patients", "/review", "/engineer", "/admin", "/audit"] {
                let answer = try await browser.get(path)
                #expect(answer.status == 303)
                #expect(answer.location == "/sign-in?next=%2F\(path.dropFirst())")
            }
            #expect(try await browser.get("/").location == "/sign-in")
            #expect(try await browser.get("/sign-in").status == 200)
        }
    }

    @Test func signingInGoesOnAndSetsAStrictCookie() async throws {
        let clinic = try await PageClinic()
        try await clinic.browse { browser in
            let answer = try await browser.post(
                "/sign-in", ["key": " \(clinic.keys["clinician"] ?? "")\n", "next": "/patients?x=1"])
            #expect(answer.status == 303)
            #expect(answer.location == "/patients?x=1")
            let cookie = answer.headers[.setCookie] ?? ""
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
            for next in ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-out"] {
                let answer = try await browser.post(
                    "/sign-in", ["key": clinic.keys["clinician"] ?? "", "next": next])
                #expect(answer.location == "/", "\(next)")
            }
        }
    }

    @Test func theTypeOfEveryProblemLeadsToItsCode() async throws {
        try await PageClinic().browse { browser in
            let page = try await browser.get("/errors")
            #expect(page.status == 200)
            let document = try await browser.get("/openapi.json").text
            let problems = document.matches(of: #/"description": ?"([a-z-]+(?:, [a-z-]+)*)"/#).flatMap { match in
                match.output.1.split(separator: ", ").map(String.init)
            }
            #expect(Set(problems).count > 20)
            for code in Set(problems) { #expect(page.text.contains("<tr id=\"\(code)\">"), "\(code)") }
            // Each code has words of its own.
            for code in ErrorCode.allCases { #expect(!page.text.contains("<td>\(code.rawValue)</td>"), "\(code)") }
        }
    }

    @Test func aWrongKeyIsRefusedInTheWordsOfThePage() async throws {
        try await PageClinic().browse { browser in
            let answer = try await browser.post("/sign-in", ["key": "cutis_wrong"])
            #expect(answer.status == 401)
            #expect(answer.text.contains("This key is not known") && answer.headers[.setCookie] == nil)
        }
    }

    @Test func aStaleCookieIsNoCredential() async throws {
        try await PageClinic().browse { browser in
            var browser = browser
            browser.cookie = "cutis=\(String(repeating: "a", count: 43))"
            let signIn = try await browser.get("/sign-in")
            let upload = try await browser.get("/upload")
            #expect(signIn.status == 200 && upload.location == "/sign-in?next=%2Fupload")
        }
    }

    @Test(arguments: [
        ("clinician", ["/upload", "/patients"], ["/review", "/engineer", "/admin", "/audit"]),
        ("reviewer", ["/patients", "/review"], ["/upload", "/engineer", "/admin", "/audit"]),
        ("engineer", ["/engineer"], ["/upload", "/patients", "/review", "/admin", "/audit"]),
        ("auditor", ["/admin", "/audit", "/engineer"], ["/upload", "/patients", "/review"]),
        ("device", ["/upload"], ["/patients", "/review", "/engineer", "/admin", "/audit"]),
        ("admin", ["/upload", "/patients", "/review", "/engineer", "/admin", "/audit"], []),
    ]) func eachRoleSeesItsPages(_ role: String, _ shown: [String], _ refused: [String]) async throws {
        try await PageClinic().browse { browser in
            let browser = try await browser.signedIn(as: role)
            for path in shown {
                let answer = try await browser.get(path)
                #expect(answer.status == 200, "\(role) \(path)")
                #expect(answer.text.contains("<main id=\"main\""))
                #expect(answer.text.contains("Decision support only."))
                #expect(answer.text.contains("href=\"\(path)\" aria-current=\"page\""), "\(role) \(path)")
            }
            for path in refused {
                let answer = try await browser.get(path)
                #expect(answer.status == 403, "\(role) \(path)")
                #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
                #expect(!answer.text.contains("href=\"\(path)\""))
            }
        }
    }

    @Test func aPhotoBecomesAVerdict() async throws {
        try await PageClinic().browse { browser in
            let browser = try await browser.signedIn(as: "clinician")
            let path = try await browser.analysis()
            let page = try await browser.get(path)
            #expect(page.status == 200)
            for text in [
                "Melanoma: high risk", "Most likely: Melanoma", "80.0\u{A0}%", "Among 60 known images",
                "See a dermatologist soon.",
                "Preliminary", "Tests of pages only.", "page-model 1.0.0", "Back", "Sign this analysis",
            ] { #expect(page.text.contains(text), "\(text)") }
            let image = try await browser.get("\(path)/images/0")
            #expect(image.text == "IMAGE mel=0.8 nv=0.2" && image.headers[.contentType] == "image/jpeg")
            #expect(try await browser.get("\(path)/attention/0").headers[.contentType] == "image/png")
            #expect(try await browser.get("\(path)/images/7").status == 404)
            // Lists show small pictures.
            #expect(try await browser.get("/patients").text.contains("\(path)/thumbnails/0"))
            #expect(try await browser.get("\(path)/thumbnails/0").headers[.contentType] == "image/jpeg")
            #expect(try await browser.get("\(path)/thumbnails/7").status == 404)
        }
    }

    /// A low risk of melanoma is not shown as if all were well: it is named, and what is flagged is not low.
    @Test func aLowRiskOfMelanomaIsNoAllClear() async throws {
        try await PageClinic().browse { browser in
            let browser = try await browser.signedIn(as: "clinician")
            let carcinoma = try await browser.get(browser.analysis("IMAGE bcc=0.9 nv=0.08 mel=0.02"))
            #expect(carcinoma.text.contains("band-low") && carcinoma.text.contains("Melanoma: low risk"))
            let close = try await browser.get(browser.analysis("IMAGE bcc=0.5 nv=0.48 mel=0.02"))
            #expect(close.text.contains("band-medium") && close.text.contains("Flagged for review"))
        }
    }

    @Test func aBadPhotoIsRefusedWithWhatWasEntered() async throws {
        try await PageClinic().browse { browser in
            let browser = try await browser.signedIn(as: "clinician")
            let answer = try await browser.upload("IMAGE noskin", patient: "P-77", site: "face")
            #expect(answer.status == 422)
            for text in ["No skin is seen.", "Point at the lesion.", "value=\"P-77\"", "value=\"face\" selected"] {
                #expect(answer.text.contains(text), "\(text)")
            }
            #expect(try await browser.upload("").text.contains("No photo was chosen."))
            #expect(try await browser.upload("IMAGE", patient: "").text.contains("The patient reference is empty."))
            #expect(try await browser.upload("no image").status == 422)
        }
    }

    @Test func assessmentAndSignature() async throws {
        try await PageClinic().browse { browser in
            let browser = try await browser.signedIn(as: "clinician")
            let path = try await browser.analysis()
            let corrected = try await browser.post(
                "\(path)/feedback", ["kind": "correction", "label": "bcc", "note": "Pearly edge"])
            #expect(corrected.location == "\(path)?done=assessed")
            let page = try await browser.get("\(path)?done=assessed")
            for text in [
                "Your assessment was saved.", "Corrected", "Basal cell carcinoma", "Pearly edge", "Dr clinician",
            ] {
                #expect(page.text.contains(text), "\(text)")
            }
            let wrong = try await browser.post("\(path)/feedback", ["kind": "correction", "label": "mel"])
            #expect(wrong.status == 400 && wrong.text.contains("role=\"alert\""))
            #expect(try await browser.post("\(path)/sign", [:]).location == "\(path)?done=signed")
            let signed = try await browser.get(path)
            #expect(signed.text.contains("by Dr clinician") && !signed.text.contains("Sign this analysis"))
            #expect(try await browser.post("\(path)/sign", [:]).status == 409)
        }
    }

    @Test func aReviewerDecides() async throws {
        try await PageClinic().browse { browser in
            let clinician = try await browser.signedIn(as: "clinician")
            let path = try await clinician.analysis("IMAGE nv=0.8 mel=0.2")
            let reviewer = try await browser.signedIn(as: "reviewer")
            let queue = try await reviewer.get("/review")
            #expect(queue.text.contains(path) && queue.text.contains("Melanoma above its threshold"))
            let decide = path.replacingOccurrences(of: "/analyses", with: "/review")
            #expect(try await reviewer.post(decide, [:]).status == 400)
            #expect(try await clinician.post(decide, ["decision": "upheld"]).status == 403)
            let decided = try await reviewer.post(decide, ["decision": "overruled", "label": "mel", "note": ""])
            #expect(decided.location == "/review?done=reviewed")
            #expect(try await reviewer.get("/review").text.contains("Nothing waits for a review."))
            #expect(try await reviewer.post(decide, ["decision": "upheld"]).status == 409)
        }
    }

    @Test func theTimelineIsFoundByTheClinicsOwnReference() async throws {
        try await PageClinic().browse { browser in
            let browser = try await browser.signedIn(as: "clinician")
            let path = try await browser.analysis(patient: "P-5")
            _ = try await browser.analysis("IMAGE nv=1", patient: "P-5")
            let found = try await browser.post("/patients", ["patient": "P-5"])
            #expect(found.status == 303 && found.location?.hasPrefix("/patients/") == true)
            let timeline = try await browser.get(found.location ?? "")
            #expect(timeline.text.contains(path) && timeline.text.contains("2 analyses, in 1 visit"))
            #expect(!timeline.text.contains("P-5"))
            let missing = try await browser.post("/patients", ["patient": "P-6"])
            #expect(missing.status == 404 && missing.text.contains("No analysis is kept for this patient reference."))
        }
    }

    @Test func administratorsMakeUsersAndKeysThatAreShownOnce() async throws {
        try await PageClinic().browse { browser in
            let admin = try await browser.signedIn(as: "admin")
            #expect(try await admin.post("/admin/clinics", ["name": "west", "title": "West"]).status == 303)
            #expect(try await admin.post("/admin/clinics", ["name": "west", "title": "West"]).status == 409)
            let added = try await admin.post(
                "/admin/users", ["name": "Dr West", "role": "clinician", "clinic": "west"])
            #expect(added.location == "/admin?done=user_added")
            let page = try await admin.get("/admin")
            let id = try #require(
                page.text.firstMatch(of: #/action="\/admin\/users\/([0-9a-f\-]+)\/keys"[^\n]*New key for Dr West/#))
            let answer = try await admin.post("/admin/users/\(id.output.1)/keys", [:])
            let key = try #require(answer.text.firstMatch(of: #/value="(cutis_[^"]+)"/#))
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(!(try await admin.get("/admin").text.contains(key.output.1)))
            let signedIn = try await browser.post("/sign-in", ["key": String(key.output.1)])
            #expect(signedIn.status == 303)
            #expect(try await admin.post("/admin/users/\(id.output.1)/disable", [:]).status == 303)
            #expect(try await browser.post("/sign-in", ["key": String(key.output.1)]).status == 401)
        }
    }

    @Test func auditorsVerifyTheChain() async throws {
        try await PageClinic().browse { browser in
            let auditor = try await browser.signedIn(as: "auditor")
            let answer = try await auditor.post("/audit/verify", [:])
            #expect(answer.status == 200 && answer.text.contains("The chain is intact."))
            #expect(try await auditor.post("/admin/clinics", ["name": "x", "title": "X"]).status == 403)
        }
    }

    @Test func anUnknownAddressIsAPageForPeopleAndAProblemForPrograms() async throws {
        try await PageClinic().browse { browser in
            let page = try await browser.get("/nothing/here")
            #expect(page.status == 404 && page.text.contains("Page not found") && page.text.contains("not-found"))
            let problem = try await browser.get("/api/v1/nothing")
            #expect(problem.headers[.contentType] == "application/problem+json")
        }
    }
}
