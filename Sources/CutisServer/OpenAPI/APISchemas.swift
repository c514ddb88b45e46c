import CutisCore
import CutisService
import CutisStorage

/// The schemas of the API document: one for each body that more than one route has, or that has a name of its own.
enum APISchemas {
    /// A place in a list, and how long a page is.
    static let page: [Operation.Parameter] = [
        .query("limit", .integer(1...200), "How many; 50."),
        .query("before", .text(pattern: "^[0-9]{1,15}_[0-9a-f-]{36}$"), "`next` of the page before."),
    ]

    /// Why something is deleted.
    static let reason = Operation.Parameter.query(
        "reason", .text(1...40, pattern: "^[a-z-]+$"), "A word for the audit trail, such as consent-withdrawn; request."
    )

    /// What may be wrong with images and the models that look at them.
    static let imageProblems: [ErrorCode] = [
        .imageUnsupported, .imageCorrupt, .imageTooLarge, .imageTooSmall, .imageQuality, .tooManyImages, .fileEmpty,
        .overloaded, .deadlineExceeded, .modelUnavailable,
    ]

    /// The forms in which images come.
    static func imageBodies(_ json: String, form: String) -> [Operation.Content] {
        [.json(.reference(json)), Operation.Content(mediaType: "multipart/form-data", schema: .reference(form))]
            + ["image/jpeg", "image/png", "image/webp", "image/tiff"].map { .bytes($0) }
    }

    /// What goes with an image that is the body itself.
    static func imageQuery(
        hasPatient: Bool, hasExplanation: Bool, sites: ImageUpload.Sites = .none
    ) -> [Operation.Parameter] {
        var all: [Operation.Parameter] = []
        if hasPatient {
            all += [
                .query("clinic_id", .text(1...64), "The clinic's name; the caller's own."),
                .query("patient_id", .text(1...128), "The clinic's identifier of the patient."),
            ]
        }
        switch sites {
        case .none: break
        case .one: all.append(.query("body_site", site, "Where on the body the lesion is."))
        case .each: all.append(.query("body_sites", siteList, "Where the lesion of each image is, parted by commas."))
        }
        if hasExplanation { all.append(.query("explain", .choice(["true", "false"]), "Whether to explain; true.")) }
        return all + [
            .query("model", .text(1...128), "The model; the active one."),
            .query("model_version", .text(1...64), "Its version; the active one."),
            .query("priority", .choice(["interactive", "batch"]), "How urgent it is; interactive."),
        ]
    }

    private static let base64 = Schema(
        .object(["type": "string", "contentEncoding": "base64", "minLength": .integer(1)]))
    private static let file = Schema(.object(["type": "string", "format": "binary"]))
    private static let hash = Schema.text(pattern: "^[0-9a-f]{64}$")
    private static let label = Schema.text(1...64)
    private static let site = Schema.choice(BodySite.allCases.map(\.rawValue))
    private static let siteList = Schema.text(1...512, pattern: "^[a-z]+(,[a-z]+)*$")
    private static let next = Schema.text().nullable.described("`before` of the next page; null after the last.")

    /// All schemas by name.
    static let all: OrderedJSON = [requests, forms, analyses, records, models, system, protocolV2].flatMap { $0 }
        .reduce(.object([:])) { $0.appending([$1.0: $1.1.json]) }

    private static let patient: [(String, Schema)] = [
        ("clinic_id", Schema.text(1...64).nullable.described("The clinic's name; the caller's own.")),
        ("patient_id", Schema.text(1...128).described("The clinic's identifier; only its keyed hash is kept.")),
    ]
    private static let choice: [(String, Schema)] = [
        ("model", Schema.text(1...128).nullable), ("model_version", Schema.text(1...64).nullable),
        ("priority", Schema(Schema.choice(["interactive", "batch"]).json).nullable),
    ]
    private static let explain = ("explain", Schema.bool.nullable.described("Whether to explain; true."))

    private static func upload(_ members: [(String, Schema)], required: [String]) -> Schema {
        let properties = members.reduce(OrderedJSON.object([:])) { $0.appending([$1.0: $1.1.json]) }
        return Schema(
            .object([
                "type": "object", "properties": properties, "required": .array(required.map { .string($0) }),
                "additionalProperties": .bool(false),
            ]))
    }

    private static func images(_ count: ClosedRange<Int>) -> (String, Schema) {
        ("images", .array(base64, count: count))
    }

    private static var requests: [(String, Schema)] {
        let one = ("image", base64.described("A PNG or JPEG file (WebP and TIFF are read too)."))
        let place = ("body_site", site.nullable.described("Where on the body the lesion is."))
        let places = ("body_sites", Schema.array(site, count: 1...16).nullable.described("As many as images."))
        return [
            (
                "AnalyzeRequest",
                upload([one] + patient + [place, explain] + choice, required: ["image", "patient_id"])
            ),
            (
                "VisitRequest",
                upload([images(1...16)] + patient + [places, explain] + choice, required: ["images", "patient_id"])
            ),
            (
                "ScreenRequest",
                upload([images(1...3)] + patient + [place] + choice, required: ["images", "patient_id"])
            ),
            ("EmbedRequest", upload([images(1...16)] + choice, required: ["images"])),
            ("QualityRequest", upload([one] + choice, required: ["image"])),
            (
                "ExplainRequest",
                .object(
                    [
                        "analysis_id": .text(1...64), "class": label.nullable,
                        "position": Schema.integer(0...15).nullable,
                    ], optional: ["class", "position"])
            ),
            (
                "PatientSearch",
                .object(
                    ["patient_id": .text(1...128), "clinic_id": Schema.text(1...64).nullable], optional: ["clinic_id"])
            ),
            (
                "NewFeedback",
                .object(
                    [
                        "analysis_id": .text(1...64), "kind": .choice(FeedbackRecord.Kind.allCases.map(\.rawValue)),
                        "label": label.nullable, "note": Schema.text(1...2000).nullable,
                    ], optional: ["label", "note"])
            ),
            (
                "Decision",
                .object(
                    [
                        "outcome": .choice(ReviewService.Decision.Outcome.allCases.map(\.rawValue)),
                        "label": label.nullable, "note": Schema.text(1...2000).nullable,
                    ], optional: ["label", "note"])
            ),
            ("NewClinic", .object(["name": .text(1...63, pattern: "^[a-z0-9-]+$"), "title": .text(1...200)])),
            (
                "NewUser",
                .object(
                    [
                        "name": .text(1...200), "role": .choice(Role.allCases.map(\.rawValue)),
                        "clinic_id": Schema.text(1...63).nullable,
                    ], optional: ["clinic_id"])
            ),
            ("UserChange", .object(["disabled": .bool])),
            (
                "NewKey",
                .object(
                    ["user": .text(1...64), "expires_at": Schema.integer(0...253_402_300_799_000).nullable],
                    optional: ["expires_at"])
            ),
            ("ModelLoad", .object(["bundle": .text(1...128, pattern: "^[A-Za-z0-9_-][A-Za-z0-9._-]*$")])),
            ("AuditAnchors", .object(["anchors": .array(.reference("SignedHead"), count: 0...100)])),
        ]
    }

    private static var forms: [(String, Schema)] {
        let texts: [(String, Schema)] = [
            ("model", .text(1...128)), ("model_version", .text(1...64)),
            ("priority", .choice(["interactive", "batch"])),
        ]
        let patient: [(String, Schema)] = [("clinic_id", .text(1...64)), ("patient_id", .text(1...128))]
        let (place, places) = (("body_site", site), ("body_sites", siteList))
        let explain: [(String, Schema)] = [("explain", .choice(["true", "false"]))]
        func files(_ count: ClosedRange<Int>) -> [(String, Schema)] { [("images", .array(file, count: count))] }
        return [
            (
                "AnalyzeForm",
                upload([("image", file), place] + patient + explain + texts, required: ["image", "patient_id"])
            ),
            (
                "VisitForm",
                upload(files(1...16) + [places] + patient + explain + texts, required: ["images", "patient_id"])
            ),
            ("ScreenForm", upload(files(1...3) + [place] + patient + texts, required: ["images", "patient_id"])),
            ("EmbedForm", upload(files(1...16) + texts, required: ["images"])),
            ("QualityForm", upload([("image", file)] + texts, required: ["image"])),
        ]
    }

    private static var analyses: [(String, Schema)] {
        let finding = Schema.object([
            "code": .choice(QualityFinding.Code.allCases.map(\.rawValue)), "severity": .choice(["warning", "refusal"]),
            "message": .text(), "remedy": .text(),
        ])
        let diagnosis = Schema.object([
            "primary": label.nullable, "confidence": Schema.probability.nullable,
            "melanoma_risk": Schema.probability.nullable.described("Null for label sets without melanoma."),
            "all_classes": Schema.map(.probability),
        ])
        let interval = Schema.object([
            "lower": .probability, "upper": .probability, "observed": .probability, "count": .integer(),
            "method": .text(),
        ])
        let calibration = Schema.object([
            "temperature": .number, "risk_class": label.nullable, "risk_band": Schema.text().nullable,
            "interval": interval.nullable, "interval_reason": Schema.text().nullable,
        ])
        return [
            ("Finding", finding),
            (
                "Analysis",
                .object(
                    [
                        "diagnosis": diagnosis,
                        "attention_map": base64.nullable.described("A heat map of the photo's size, PNG."),
                        "recommendation": .text(), "model_version": .text(), "latency_ms": .number, "screening": .any,
                        "id": .identifier, "status": .choice(AnalysisRecord.Status.allCases.map(\.rawValue)),
                        "created_at": .time, "patient": .identifier, "visit": Schema.identifier.nullable,
                        "body_site": site.nullable, "signed_by": Schema.text().nullable,
                        "signed_at": Schema.time.nullable,
                        "flags": .array(.choice(ReviewFlag.allCases.map(\.rawValue))),
                        "quality": .object([
                            "level": .text(), "findings": .array(.reference("Finding")), "measures": .map(.number),
                        ]), "calibration": calibration, "rules_version": Schema.text().nullable,
                        "warnings": .array(.text()), "intended_use": .text(),
                    ], optional: ["screening"])
            ),
            (
                "Visit",
                .object([
                    "id": .identifier, "patient": .identifier, "created_at": .time,
                    "analyses": .array(.reference("Analysis")),
                ])
            ),
            ("AnalysisPage", .object(["analyses": .array(.reference("Analysis")), "next": next])),
            ("Explanation", .object(["attention_map": base64, "overlay": base64, "method": .text()])),
            (
                "Quality",
                .object([
                    "acceptable": .bool, "findings": .array(.reference("Finding")), "measures": .map(.number),
                ])
            ),
            (
                "Embeddings",
                .object([
                    "model_version": .text(), "embeddings": .array(.array(.number)),
                    "qualities": .array(.reference("Quality")), "latency_ms": .number,
                ])
            ),
        ]
    }

    private static var records: [(String, Schema)] {
        let optionalTime = Schema.time.nullable
        let key: KeyValuePairs<String, Schema> = [
            "id": .identifier, "user": .text(), "prefix": .text(), "created_at": .time, "expires_at": optionalTime,
            "revoked_at": optionalTime, "last_used_at": optionalTime,
        ]
        return [
            ("Patient", .object(["id": .identifier, "clinic": .identifier, "created_at": .time])),
            (
                "Feedback",
                .object([
                    "id": .identifier, "analysis_id": .identifier, "user": .text(),
                    "kind": .choice(FeedbackRecord.Kind.allCases.map(\.rawValue)), "label": label,
                    "note": Schema.text().nullable, "created_at": .time,
                ])
            ),
            ("FeedbackPage", .object(["feedback": .array(.reference("Feedback")), "next": next])),
            (
                "ReviewPage",
                .object([
                    "items": .array(
                        .object(["analysis": .reference("Analysis"), "feedback": .array(.reference("Feedback"))])),
                    "next": next,
                ])
            ),
            ("Clinic", .object(["id": .identifier, "name": .text(), "title": .text(), "created_at": .time])),
            ("ClinicPage", .object(["clinics": .array(.reference("Clinic")), "next": next])),
            (
                "User",
                .object([
                    "id": .text(), "clinic": Schema.identifier.nullable, "name": .text(),
                    "role": .choice(Role.allCases.map(\.rawValue)), "created_at": .time, "disabled_at": optionalTime,
                ])
            ),
            ("UserPage", .object(["users": .array(.reference("User")), "next": next])),
            (
                "Me",
                .object([
                    "user": .text(), "name": .text(), "role": .choice(Role.allCases.map(\.rawValue)),
                    "clinic": Schema.reference("Clinic").nullable,
                ])
            ),
            ("Key", .object(key)),
            ("KeyPage", .object(["keys": .array(.reference("Key")), "next": next])),
            (
                "MadeKey",
                .object([
                    "id": .identifier, "user": .text(), "prefix": .text(), "created_at": .time,
                    "expires_at": optionalTime, "revoked_at": optionalTime, "last_used_at": optionalTime,
                    "key": .text(pattern: "^cutis_"),
                ])
            ),
            (
                "AuditEntry",
                .object([
                    "sequence": .integer(), "time": .time, "actor": .text(), "clinic": Schema.text().nullable,
                    "action": .text(), "subject": .text(), "model_hash": Schema.text().nullable,
                    "input_hash": Schema.text().nullable, "threshold": Schema.number.nullable, "outcome": .text(),
                    "details": .text(), "previous_hash": hash, "hash": hash,
                ])
            ),
            ("AuditPage", .object(["entries": .array(.reference("AuditEntry")), "next": next])),
            (
                "SignedHead",
                .object([
                    "sequence": .integer(0...1 << 53), "hash": .text(64...64), "time": .integer(0...1 << 53),
                    "clock": .integer(0...1 << 53), "key": .text(64...64), "signature": .text(128...128),
                ])
            ),
            (
                "AuditVerification",
                .object([
                    "intact": .bool, "count": .integer(), "last_hash": hash,
                    "fault": Schema.object([
                        "kind": .choice(AuditFault.Kind.allCases.map(\.rawValue)), "sequence": .integer(),
                        "message": .text(),
                    ]).nullable,
                ])
            ),
        ]
    }

    private static var models: [(String, Schema)] {
        [
            (
                "Model",
                .object([
                    "id": .text(), "version": .text(), "task": .choice(["classification", "screening", "embedding"]),
                    "state": .choice(ModelState.allCases.map(\.rawValue)), "hash": .text(), "family": .text(),
                    "precision": .text(), "input_shape": .array(.integer()), "embedding_width": .integer(),
                    "labels": .array(label), "replicas": .integer(), "memory_bytes": .integer(), "leases": .integer(),
                    "served": .integer(), "queued_rows": .integer(), "intended_use": .text(),
                ])
            ),
            ("ModelList", .object(["models": .array(.reference("Model"))])),
        ]
    }

    private static var system: [(String, Schema)] {
        [
            ("Health", .object(["status": .choice(["live", "ready"])])),
            (
                "Problem",
                .object(
                    [
                        "type": .text(), "title": .text(), "status": .integer(400...599), "detail": .text(),
                        "code": .choice(ErrorCode.allCases.map(\.rawValue)), "remedy": .text(), "request_id": .text(),
                        "error": Schema.text().described("On routes of the Open Inference Protocol: the detail again."),
                    ], optional: ["error"])
            ),
        ]
    }

    private static var protocolV2: [(String, Schema)] {
        let shape = Schema.array(.integer())
        let tensor: KeyValuePairs<String, Schema> = ["name": .text(), "datatype": .text(), "shape": shape]
        return [
            ("V2Server", .object(["name": .text(), "version": .text(), "extensions": .array(.text())])),
            (
                "V2Model",
                .object([
                    "name": .text(), "versions": .array(.text()), "platform": .text(),
                    "inputs": .array(.object(tensor)), "outputs": .array(.object(tensor)), "parameters": .any,
                ])
            ),
            (
                "V2Request",
                .object(
                    [
                        "id": Schema.text(1...256).nullable, "parameters": .any, "outputs": .any,
                        "inputs": .array(
                            .object(
                                [
                                    "name": .choice(["image"]), "shape": .array(.integer(0...1 << 31), count: 1...8),
                                    "datatype": .choice(["BYTES", "UINT8"]), "data": Schema(.object(["type": "array"])),
                                    "parameters": .any,
                                ], optional: ["parameters"]), count: 1...1),
                    ], optional: ["id", "parameters", "outputs"])
            ),
            (
                "V2Response",
                .object([
                    "model_name": .text(), "model_version": .text(), "id": Schema.text().nullable,
                    "outputs": .array(
                        .object([
                            "name": .text(), "datatype": .choice(["FP32"]), "shape": shape, "data": .array(.number),
                        ])),
                ])
            ),
        ]
    }
}
