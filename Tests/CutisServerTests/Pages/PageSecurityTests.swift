import CutisCore
import CutisServer
import Foundation
import HTTPTypes
import Testing

@Suite struct PageSecurityTests {
    @Test func formsWithoutTheSessionsTokenAreRefused() async throws {
        try await PageClinic().browse { browser in
            let clinician = try await browser.signedIn(as: "clinician")
            let other = try await browser.signedIn(as: "other")
            let path = try await clinician.analysis()
            for token in ["", "0000", other.csrf] {
                #expect(try await clinician.upload("IMAGE", token: token).status == 403)
                #expect(try await clinician.post("\(path)/sign", [:], token: token).status == 403)
                #expect(
                    try await clinician.post("\(path)/feedback", ["kind": "confirmation"], token: token).status == 403)
                #expect(try await clinician.post("/patients", ["patient": "P-1"], token: token).status == 403)
                #expect(try await clinician.post("/sign-out", [:], token: token).status == 403)
            }
            #expect(try await clinician.get(path).text.contains("Preliminary"))
        }
    }

    /// Markup, an attribute's end, and a quotation mark under an accent, which is one character with it.
    @Test(arguments: [
        "<script>alert(1)</script>", "\" autofocus onfocus=\"alert(1)", "\"\u{301} onfocus=\"\u{301}alert(1)",
    ])
    func textsOfUsersAreEscaped(_ text: String) async throws {
        try await PageClinic().browse { browser in
            let browser = try await browser.signedIn(as: "clinician")
            let path = try await browser.analysis()
            _ = try await browser.post("\(path)/feedback", ["kind": "confirmation", "note": text])
            let pages = [
                try await browser.get(path), try await browser.upload("IMAGE noskin", patient: text),
                try await browser.post("/patients", ["patient": text]),
                try await browser.get("\(path)?done=\(text.count)"),
                try await browser.post("\(path)/feedback", ["kind": "correction", "label": text]),
            ]
            for page in pages {
                #expect(!page.text.contains("<script>alert"))
                // No quotation mark of the text is left to end an attribute.
                #expect(!page.text.unicodeScalars.map(String.init).joined(separator: "|").contains("\"|\u{301}"))
                #expect(!page.text.contains("\" autofocus"))
            }
            // By bytes: a semicolon with an accent is another character than a semicolon.
            let page = Data(pages[0].text.utf8)
            #expect(["&lt;script", "&quot;"].contains { page.range(of: Data($0.utf8)) != nil })
        }
    }

    @Test func anotherClinicsCasesDoNotExist() async throws {
        try await PageClinic().browse { browser in
            let path = try await browser.signedIn(as: "clinician").analysis(patient: "P-9")
            let patient =
                try await browser.signedIn(as: "clinician").post("/patients", ["patient": "P-9"]).location ?? ""
            let other = try await browser.signedIn(as: "other")
            for path in [path, "\(path)/images/0", "\(path)/thumbnails/0", "\(path)/attention/0", patient] {
                #expect(try await other.get(path).status == 404, "\(path)")
            }
            #expect(try await other.post("\(path)/sign", [:]).status == 404)
            #expect(try await other.post("\(path)/feedback", ["kind": "confirmation"]).status == 404)
            #expect(try await other.post("/patients", ["patient": "P-9"]).status == 404)
            #expect(!(try await other.get("/patients").text.contains(path)))
        }
    }

    @Test func pagesAreNeitherKeptNorRunForeignCode() async throws {
        try await PageClinic().browse { browser in
            let browser = try await browser.signedIn(as: "clinician")
            let page = try await browser.get(try await browser.analysis())
            #expect(page.headers[.cacheControl] == "no-store")
            let policy = page.headers[HTTPField.Name("Content-Security-Policy")!] ?? ""
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
            // Nothing inline, which the policy would stop, and nothing from elsewhere.
            #expect(page.text.firstMatch(of: #/ (style|on[a-z]+)="/#) == nil)
            #expect(page.text.firstMatch(of: #/<script(?![^>]* src=")/#) == nil && !page.text.contains("<style"))
            #expect(page.text.firstMatch(of: #/(src|href|action)="(https?:)?\/\//#) == nil)
        }
    }

    @Test func assetsAreKeptUnderTheirVersion() async throws {
        try await PageClinic().browse { browser in
            let page = try await browser.get("/sign-in")
            let path = try #require(page.text.firstMatch(of: #/href="(\/assets\/[0-9a-f]+\/cutis.css)"/#))
            let sheet = try await browser.get(String(path.output.1))
            #expect(sheet.status == 200 && sheet.headers[.contentType] == "text/css; charset=utf-8")
            #expect(sheet.headers[.cacheControl]?.contains("immutable") == true)
            #expect(try await browser.get("/assets/000000000000/cutis.css").status == 404)
            #expect(try await browser.get("\(path.output.1)/../../../etc/passwd").status == 404)
        }
    }
}
