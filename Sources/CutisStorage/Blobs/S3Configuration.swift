public import CutisCore
public import Foundation

/// Where an S3-compatible store is and how it is used.
public struct S3Configuration: Sendable {
    /// Scheme, host and port, such as `https://s3.eu-central-1.amazonaws.com` or `https://minio.clinic:9000`.
    public let endpoint: URL
    /// The region's name, which is part of the signature.
    public let region: String
    /// The bucket's name.
    public let bucket: String
    /// What all keys begin with, such as `cutis/`; empty for the whole bucket.
    public let prefix: String
    /// The key with which requests are signed.
    public let credentials: S3Credentials
    /// How long one attempt of a request may take, with its body.
    public var timeout: Duration = .seconds(30)
    /// The most attempts of a request that fails in a way that may pass.
    public var attempts = 5
    /// The pause before the second attempt; each further one is twice as long, and a little random.
    public var pause: Duration = .milliseconds(200)
    /// The largest object that is taken from the store, in bytes.
    public var largestObject = 256 << 20

    /// Checks and joins what the configuration names.
    ///
    /// - Parameter allowsPlainHTTP: allows an address without encryption that is not of this machine.
    /// - Throws: `CutisError` with `.configInvalid`.
    public init(
        endpoint: String, region: String = "us-east-1", bucket: String, prefix: String = "",
        credentials: S3Credentials, allowsPlainHTTP: Bool = false
    ) throws(CutisError) {
        guard let url = URL(string: endpoint), let scheme = url.scheme, ["http", "https"].contains(scheme),
            let host = url.host, !host.isEmpty, ["", "/"].contains(url.path), url.query == nil, url.user == nil
        else {
            throw Self.invalid("the endpoint is not an address such as https://s3.eu-central-1.amazonaws.com")
        }
        guard scheme == "https" || allowsPlainHTTP || ["127.0.0.1", "::1", "localhost"].contains(host) else {
            throw Self.invalid("the endpoint \(host) is not encrypted (http)")
        }
        guard bucket.wholeMatch(of: /[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]/) != nil else {
            throw Self.invalid("“\(bucket)” is not the name of a bucket")
        }
        guard region.wholeMatch(of: /[a-z0-9\-]{1,40}/) != nil else {
            throw Self.invalid("“\(region)” is not the name of a region")
        }
        guard prefix.isEmpty || prefix.wholeMatch(of: /([a-z0-9_\-]+\/)+/) != nil else {
            throw Self.invalid("the prefix “\(prefix)” is not made of a–z, 0–9, - and _ with / at its end")
        }
        self.endpoint = url
        self.region = region
        self.bucket = bucket
        self.prefix = prefix
        self.credentials = credentials
    }

    private static func invalid(_ reason: String) -> CutisError {
        CutisError(
            .configInvalid, "The configuration of the S3 store is invalid: \(reason).",
            remedy: "Mend endpoint, region, bucket and prefix of the blob store.")
    }
}

/// The key with which requests to an S3-compatible store are signed; it is never described.
public struct S3Credentials: Sendable, CustomStringConvertible, CustomReflectable {
    let accessKeyID: String
    let secret: String
    let sessionToken: String?

    /// Joins the parts of a key.
    public init(accessKeyID: String, secret: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.sessionToken = sessionToken
    }

    /// Takes the key from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; with `_FILE` after its
    /// name, a variable names a file that holds the value.
    ///
    /// - Throws: `CutisError` with `.configInvalid` where one is missing, or `.fileUnreadable`.
    public init(environment: [String: String]) throws(CutisError) {
        func value(_ name: String) throws(CutisError) -> String? {
            if let text = environment[name], !text.isEmpty { return text }
            guard let path = environment[name + "_FILE"], !path.isEmpty else { return nil }
            guard let data = FileManager.default.contents(atPath: path), data.count <= 1 << 16 else {
                throw CutisError(
                    .fileUnreadable, "The file \(path) of \(name)_FILE cannot be read.",
                    remedy: "Check that it exists and that the service's user may read it.")
            }
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let id = try value("AWS_ACCESS_KEY_ID"), let secret = try value("AWS_SECRET_ACCESS_KEY"), !id.isEmpty,
            !secret.isEmpty
        else {
            throw CutisError(
                .configInvalid, "The key of the S3 store is missing.",
                remedy: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the same names with _FILE to files.")
        }
        self.init(accessKeyID: id, secret: secret, sessionToken: try value("AWS_SESSION_TOKEN"))
    }

    /// Says that there is a key, not which.
    public var description: String { "S3Credentials(…)" }
    /// Shows nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
