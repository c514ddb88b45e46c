import CutisCore
import CutisHub
import Foundation
import Testing

@Suite struct NameTests {
    @Test(arguments: ["foo", "foo/bar", "123", "Foo-BAR_foo.bar123", "google/vit-base-patch16-224", "a/b_", "_a/b"])
    func acceptsRepositories(_ text: String) throws {
        let name = try RepositoryName(text)
        #expect(name.folderName == "models--" + text.replacing("/", with: "--"))
    }

    @Test(arguments: [
        "", "/", "a/", "/a", "a/b/c", "../etc", "a/..", ".a/b", "a/b.", "-a/b", "a/b-", "foo--bar", "a..b", "foo.git",
        "a b",
        "a\\b", "a\0b", "ä/b", "a%2fb", "datasets/foo/bar", String(repeating: "a", count: 97),
    ])
    func refusesOtherText(_ text: String) {
        #expect(throws: CutisError.self) { try RepositoryName(text) }
        #expect(HubCache(root: URL(fileURLWithPath: "/nonexistent")).resolve(repo: text) == nil)
    }

    @Test func revisions() throws {
        for text in ["main", "v1.0", "refs/pr/1", "feature/x_y-z", "0123456789abcdef0123456789abcdef01234567"] {
            #expect(try Revision(text).description == text)
        }
        #expect(try Revision("0123456789abcdef0123456789abcdef01234567").isCommit)
        #expect(try !Revision("0123456789ABCDEF0123456789abcdef01234567").isCommit)
        for text in [
            "", "/", "a/", "/a", "..", "a/../b", "a b", "a\nb", ".hidden", "a:b", "a\\b", "a//b", "x.lock", "a?b",
        ] {
            #expect(throws: CutisError.self) { try Revision(text) }
        }
    }

    @Test func tags() {
        #expect(BlobName(header: "\"abc\"")?.description == "abc")
        #expect(BlobName(header: "W/\"abc-1.2\"")?.description == "abc-1.2")
        #expect(BlobName(header: "abc")?.description == "abc")
        for text in ["", "\"", "\"\"", "../a", "\"a/b\"", "a b", "\"..\""] { #expect(BlobName(header: text) == nil) }
    }

    @Test func foldersOfTheEnvironment() {
        func root(_ variables: [String: String]) -> String { HubCache(environment: variables).root.path }
        #expect(root(["HOME": "/home/u"]) == "/home/u/.cache/huggingface/hub")
        #expect(root(["HOME": "/home/u", "XDG_CACHE_HOME": "/x"]) == "/x/huggingface/hub")
        #expect(root(["XDG_CACHE_HOME": "/x", "HF_HOME": "/h"]) == "/h/hub")
        #expect(root(["HF_HOME": "/h", "HF_HUB_CACHE": "/c"]) == "/c")
        #expect(root(["HF_HOME": "/h", "HUGGINGFACE_HUB_CACHE": "/old"]) == "/old")
        #expect(root(["HOME": "/home/u", "HF_HOME": "~/models"]) == "/home/u/models/hub")
        #expect(root(["HOME": "/home/u", "HF_HOME": ""]) == "/home/u/.cache/huggingface/hub")
    }

    @Test func endpoints() throws {
        #expect(try HubEndpoint(HubEnvironment([:])).base == "https://huggingface.co")
        #expect(
            try HubEndpoint(HubEnvironment(["HF_ENDPOINT": "https://mirror.example/hf/"])).base
                == "https://mirror.example/hf")
        for text in [
            "mirror", "ftp://x", "https://", "https://user:pass@x", "https://x?a=b", "file:///x", "https://x#y",
        ] {
            #expect(throws: CutisError.self) { try HubEndpoint(HubEnvironment(["HF_ENDPOINT": text])) }
        }
    }

    @Test func messagesAreFitForATerminal() {
        #expect(HubText.clean("a\u{1B}[2Jb\u{202E}c\n") == "a?[2Jb?c?")
        #expect(HubText.clean("x SECRET y", hiding: "SECRET") == "x … y")
        #expect(HubText.clean(String(repeating: "x", count: 1000)).count == 200)
    }
}
