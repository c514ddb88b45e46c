import CutisCore

/// Examples of the API document.
enum APIExamples {
    private static let identifier = "0192f0c1-7b6e-7c3a-8f2d-5a9e3c1b4d6f"

    static let analysis = OrderedJSON.object([
        "diagnosis": .object([
            "primary": "mel", "confidence": .number(0.81), "melanoma_risk": .number(0.81),
            "all_classes": .object(["mel": .number(0.81), "nv": .number(0.19)]),
        ]),
        "attention_map": "iVBORw0KGgo=", "recommendation": "Refer to a dermatologist within two weeks.",
        "model_version": "cutis-dermoscopy@1.0.0", "latency_ms": .number(84.2), "id": .string(identifier),
        "status": "preliminary", "created_at": .integer(1_767_225_600_000), "patient": .string(identifier),
        "visit": .null, "body_site": "back", "signed_by": .null, "signed_at": .null, "flags": .array([]),
        "quality": .object([
            "level": "good", "findings": .array([]), "measures": .object(["sharpness": .number(212.5)]),
        ]),
        "calibration": .object([
            "temperature": .number(1.4), "risk_class": "mel", "risk_band": "high", "interval": .null,
            "interval_reason": "The bundle has no calibration counts.",
        ]),
        "rules_version": "1", "warnings": .array([]), "intended_use": "Research and evaluation.",
    ])

    static let feedback = OrderedJSON.object([
        "analysis_id": .string(identifier), "kind": "histology", "label": "nv", "note": "Excised, benign.",
    ])

    static let inference = OrderedJSON.object([
        "id": "42",
        "inputs": .array([
            .object([
                "name": "image", "shape": .array([.integer(1)]), "datatype": "BYTES",
                "data": .array(["/9j/4AAQSkZJRg=="]),
            ])
        ]),
    ])
}
