public import CutisCore
public import Foundation

extension PreprocessingRecipe {
    /// The largest side that a recipe may ask for, in pixels.
    public static let maximumSide = 4096

    /// Checks that every number is one that a recipe can have.
    ///
    /// - Throws: `CutisError` with `.configInvalid`; the message names the field.
    public func validate() throws(CutisError) {
        for side in resize.sides + [centerCrop?.width, centerCrop?.height].compactMap({ $0 })
        where !(1...Self.maximumSide).contains(side) {
            throw Self.invalid("a size of \(side) pixels is not 1…\(Self.maximumSide)")
        }
        guard mean.count == 3, std.count == 3, padding.count == 3 else {
            throw Self.invalid("mean, std and padding need three numbers, one per channel")
        }
        guard mean.allSatisfy(\.isFinite), std.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw Self.invalid("mean and std must be finite, and std larger than 0")
        }
        guard (1...Self.maximumSide).contains(minimumSide) else {
            throw Self.invalid("minimum_side is \(minimumSide), not 1…\(Self.maximumSide)")
        }
    }

    /// Reads a recipe from JSON.
    ///
    /// - Throws: `CutisError` with `.configInvalid`; the message names the field or the unknown value.
    public init(json: Data) throws(CutisError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: json)
        } catch let error as CutisError {
            throw error
        } catch let error as DecodingError {
            throw Self.invalid(Self.describe(error))
        } catch {
            throw Self.invalid("it is not JSON")
        }
    }

    static func invalid(_ reason: String) -> CutisError {
        CutisError(
            .configInvalid, "The preprocessing recipe is not valid: \(reason).",
            remedy: "Correct the recipe, or import the model again.")
    }

    private static func describe(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "the top level" : path
        }
        return switch error {
        case .keyNotFound(let key, let context): "\(key.stringValue) is missing in \(place(context))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(place(context)) has a value of the wrong type"
        case .dataCorrupted(let context): "\(place(context)): \(context.debugDescription)"
        @unknown default: "it cannot be read"
        }
    }
}

extension PreprocessingRecipe: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case exifOrientation = "exif_orientation"
        case convertToSRGB = "convert_to_srgb"
        case alpha, resize, filter
        case centerCrop = "center_crop"
        case cropRounding = "crop_rounding"
        case padding, mean, std
        case minimumSide = "minimum_side"
        case decoding
    }

    /// Reads a recipe strictly: unknown keys and values are errors, and so are numbers that `validate()` refuses.
    ///
    /// `resize`, `filter`, `mean` and `std` are required; the other fields default as in the memberwise initialiser.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(notIn: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            exifOrientation: try values.decodeIfPresent(Bool.self, forKey: .exifOrientation) ?? false,
            convertToSRGB: try values.decodeIfPresent(Bool.self, forKey: .convertToSRGB) ?? false,
            alpha: try values.decodeIfPresent(AlphaRule.self, forKey: .alpha) ?? .drop,
            resize: try values.decode(ResizeRule.self, forKey: .resize),
            filter: try values.decode(ResampleFilter.self, forKey: .filter),
            centerCrop: try values.decodeIfPresent(CropSize.self, forKey: .centerCrop),
            cropRounding: try values.decodeIfPresent(CropRounding.self, forKey: .cropRounding) ?? .halfEven,
            padding: try Self.samples(values.decodeIfPresent([Int].self, forKey: .padding) ?? [0, 0, 0]),
            mean: try values.decode([Float].self, forKey: .mean),
            std: try values.decode([Float].self, forKey: .std),
            minimumSide: try values.decodeIfPresent(Int.self, forKey: .minimumSide) ?? 16,
            decoding: try values.decodeIfPresent(DecodingExactness.self, forKey: .decoding) ?? .exact)
        try validate()
    }
    private static func samples(_ numbers: [Int]) throws(CutisError) -> [UInt8] {
        let samples = numbers.compactMap { UInt8(exactly: $0) }
        guard samples.count == numbers.count else { throw invalid("padding has a number that is not 0…255") }
        return samples
    }

    /// Writes every field, also those that have their default value, but for `decoding`: releases that do not know it
    /// go on reading the bundles that do not need it.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(exifOrientation, forKey: .exifOrientation)
        try values.encode(convertToSRGB, forKey: .convertToSRGB)
        try values.encode(alpha, forKey: .alpha)
        try values.encode(resize, forKey: .resize)
        try values.encode(filter, forKey: .filter)
        try values.encode(centerCrop, forKey: .centerCrop)
        try values.encode(cropRounding, forKey: .cropRounding)
        try values.encode(padding, forKey: .padding)
        try values.encode(mean, forKey: .mean)
        try values.encode(std, forKey: .std)
        try values.encode(minimumSide, forKey: .minimumSide)
        if decoding != .exact { try values.encode(decoding, forKey: .decoding) }
    }
}
