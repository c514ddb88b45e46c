import CutisCore
import CutisStorage
import Foundation
import Testing

/// The examples that AWS publishes
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html), and what is read of answers.
@Suite struct S3SignatureTests {
    private static let credentials = S3Credentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

    private static func signature(
        _ method: String, _ path: String, query: [(String, String)] = [], headers: [(String, String)] = [],
        body: String = ""
    ) -> String {
        let headers = S3Signature(credentials, region: "us-east-1").headers(
            method: method, path: path, query: query,
            headers: headers + [("Host", "examplebucket.s3.amazonaws.com")], body: Data(body.utf8),
            at: Date(timeIntervalSince1970: 1_369_353_600))
        let line = headers.first { $0.0 == "Authorization" }?.1 ?? ""
        return line.components(separatedBy: "Signature=").last ?? ""
    }

    @Test func publishedExamplesAreMet() {
        #expect(
            Self.signature("GET", "/test.txt", headers: [("Range", "bytes=0-9")])
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        #expect(
            Self.signature(
                "PUT", "/" + S3Signature.encoded("test$file.text"),
                headers: [
                    ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ], body: "Welcome to Amazon S3.")
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
        #expect(
            Self.signature("GET", "/", query: [("lifecycle", "")])
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
        #expect(
            Self.signature("GET", "/", query: [("max-keys", "2"), ("prefix", "J")])
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    @Test func listingsAreRead() {
        let text = """
            <?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated>
            <NextContinuationToken>a&amp;b&lt;</NextContinuationToken>
            <Contents><Key>images/1</Key></Contents><Contents><Key>images/2</Key></Contents></ListBucketResult>
            """
        let document = S3Document(Data(text.utf8))
        #expect(document.first("IsTruncated") == "true")
        #expect(document.first("NextContinuationToken") == "a&b<")
        #expect(document.all("Key") == ["images/1", "images/2"])
        #expect(S3Document(Data("<Key>open".utf8)).all("Key").isEmpty)
        #expect(S3Document(Data([0xFF, 0xFE])).first("Key") == nil)
    }

    @Test func keysAreNotShown() {
        var dumped = "\(Self.credentials)"
        dump(Self.credentials, to: &dumped)
        #expect(!dumped.contains("wJalr") && !dumped.contains("AKIA"))
    }

    @Test func keysComeFromTheEnvironmentOrFiles() async throws {
        #expect(throws: CutisError.self) { try S3Credentials(environment: ["AWS_ACCESS_KEY_ID": "a"]) }
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("secret")
            try Data("from a file\n".utf8).write(to: file)
            _ = try S3Credentials(
                environment: ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY_FILE": file.path])
            #expect(throws: CutisError.self) {
                try S3Credentials(
                    environment: ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY_FILE": file.path + "x"])
            }
        }
    }

    @Test(arguments: [
        ("ftp://host", "bucket", ""), ("http://store.clinic:9000", "bucket", ""), ("https://h/path", "bucket", ""),
        ("https://u:p@h", "bucket", ""), ("https://h", "Bucket", ""), ("https://h", "b", ""),
        ("https://h", "../etc", ""), ("https://h", "bucket", "no-slash"), ("https://h", "bucket", "/"),
    ])
    func wrongConfigurationsAreRefused(_ endpoint: String, _ bucket: String, _ prefix: String) {
        #expect(throws: CutisError.self) {
            try S3Configuration(endpoint: endpoint, bucket: bucket, prefix: prefix, credentials: Self.credentials)
        }
    }
}
