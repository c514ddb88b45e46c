public import CutisCore

extension AugmentationConfiguration: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case crop, filter
        case horizontalFlip = "horizontal_flip"
        case verticalFlip = "vertical_flip"
        case quarterTurns = "quarter_turns"
        case rotationDegrees = "rotation"
        case randAugment = "rand_augment"
        case jitter = "color_jitter"
        case erasing
    }

    /// Reads a configuration strictly: every field may be left out, an unknown one is an error, and so are numbers that
    /// `validate()` refuses.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(notIn: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            crop: try values.decodeIfPresent(RandomResizedCrop.self, forKey: .crop),
            filter: try values.decodeIfPresent(ResampleFilter.self, forKey: .filter) ?? .bilinear,
            horizontalFlip: try values.decodeIfPresent(Double.self, forKey: .horizontalFlip) ?? 0,
            verticalFlip: try values.decodeIfPresent(Double.self, forKey: .verticalFlip) ?? 0,
            quarterTurns: try values.decodeIfPresent(Bool.self, forKey: .quarterTurns) ?? false,
            rotationDegrees: try values.decodeIfPresent(Double.self, forKey: .rotationDegrees) ?? 0,
            randAugment: try values.decodeIfPresent(RandAugment.self, forKey: .randAugment),
            jitter: try values.decodeIfPresent(ColorJitter.self, forKey: .jitter),
            erasing: try values.decodeIfPresent(RandomErasing.self, forKey: .erasing))
        try validate()
    }

    /// Writes every field that changes something.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(crop, forKey: .crop)
        try values.encode(filter, forKey: .filter)
        try values.encode(horizontalFlip, forKey: .horizontalFlip)
        try values.encode(verticalFlip, forKey: .verticalFlip)
        try values.encode(quarterTurns, forKey: .quarterTurns)
        try values.encode(rotationDegrees, forKey: .rotationDegrees)
        try values.encodeIfPresent(randAugment, forKey: .randAugment)
        try values.encodeIfPresent(jitter, forKey: .jitter)
        try values.encodeIfPresent(erasing, forKey: .erasing)
    }

    /// Checks that every number is one that the step can have.
    ///
    /// - Throws: `CutisError` with `.configInvalid`; the message names the field.
    public func validate() throws(CutisError) {
        func require(_ holds: Bool, _ what: String) throws(CutisError) {
            guard holds else {
                throw CutisError(
                    .configInvalid, "The augmentation is not valid: \(what).", remedy: "Correct that value.")
            }
        }
        func check(scale: (Double, Double), ratio: (Double, Double), _ name: String) throws(CutisError) {
            try require(
                scale.0 > 0 && scale.0 <= scale.1 && scale.1 <= 1,
                "\(name).scale must be two shares in ascending order, above 0 and at most 1")
            try require(
                ratio.0 > 0 && ratio.0 <= ratio.1 && ratio.1.isFinite,
                "\(name).ratio must be two positive numbers in ascending order")
        }
        if let crop {
            try check(
                scale: (crop.minimumScale, crop.maximumScale), ratio: (crop.minimumRatio, crop.maximumRatio), "crop")
        }
        try require((0...1).contains(horizontalFlip), "horizontal_flip must be a probability, 0 to 1")
        try require((0...1).contains(verticalFlip), "vertical_flip must be a probability, 0 to 1")
        try require((0...180).contains(rotationDegrees), "rotation must be 0 to 180 degrees")
        if let randAugment {
            try require((0...20).contains(randAugment.operations), "rand_augment.operations must be 0 to 20")
            try require((2...1000).contains(randAugment.bins), "rand_augment.bins must be 2 to 1000")
            try require(
                (0..<randAugment.bins).contains(randAugment.magnitude),
                "rand_augment.magnitude must be 0 to bins − 1, which is \(randAugment.bins - 1)")
        }
        if let jitter {
            for (value, name) in [
                (jitter.brightness, "brightness"), (jitter.contrast, "contrast"), (jitter.saturation, "saturation"),
            ] {
                try require(value >= 0 && value.isFinite, "color_jitter.\(name) must not be negative")
            }
            try require((0...0.5).contains(jitter.hue), "color_jitter.hue must be 0 to 0.5")
        }
        if let erasing {
            try require((0...1).contains(erasing.probability), "erasing.probability must be 0 to 1")
            try check(
                scale: (erasing.minimumScale, erasing.maximumScale),
                ratio: (erasing.minimumRatio, erasing.maximumRatio), "erasing")
        }
    }
}

extension RandomResizedCrop: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case scale, ratio
    }

    /// Reads `scale` and `ratio`, two numbers each; what is left out is torchvision's.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(notIn: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        (minimumScale, maximumScale) = try values.pair(.scale, (minimumScale, maximumScale))
        (minimumRatio, maximumRatio) = try values.pair(.ratio, (minimumRatio, maximumRatio))
    }

    /// Writes `scale` and `ratio`.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode([minimumScale, maximumScale], forKey: .scale)
        try values.encode([minimumRatio, maximumRatio], forKey: .ratio)
    }
}

extension RandomErasing: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case probability, scale, ratio, fill
    }

    /// Reads a rule; what is left out is torchvision's.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(notIn: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        probability = try values.decodeIfPresent(Double.self, forKey: .probability) ?? probability
        (minimumScale, maximumScale) = try values.pair(.scale, (minimumScale, maximumScale))
        (minimumRatio, maximumRatio) = try values.pair(.ratio, (minimumRatio, maximumRatio))
        fill = try values.decodeIfPresent(Fill.self, forKey: .fill) ?? fill
    }

    /// Writes every field.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(probability, forKey: .probability)
        try values.encode([minimumScale, maximumScale], forKey: .scale)
        try values.encode([minimumRatio, maximumRatio], forKey: .ratio)
        try values.encode(fill, forKey: .fill)
    }
}

extension ColorJitter: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case brightness, contrast, saturation, hue
    }

    /// Reads the strengths; one that is left out is 0.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(notIn: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            brightness: try values.decodeIfPresent(Double.self, forKey: .brightness) ?? 0,
            contrast: try values.decodeIfPresent(Double.self, forKey: .contrast) ?? 0,
            saturation: try values.decodeIfPresent(Double.self, forKey: .saturation) ?? 0,
            hue: try values.decodeIfPresent(Double.self, forKey: .hue) ?? 0)
    }

    /// Writes every strength.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(brightness, forKey: .brightness)
        try values.encode(contrast, forKey: .contrast)
        try values.encode(saturation, forKey: .saturation)
        try values.encode(hue, forKey: .hue)
    }
}

extension RandAugment: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case operations, magnitude, bins
    }

    /// Reads a rule; what is left out is torchvision's.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(notIn: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        operations = try values.decodeIfPresent(Int.self, forKey: .operations) ?? operations
        magnitude = try values.decodeIfPresent(Int.self, forKey: .magnitude) ?? magnitude
        bins = try values.decodeIfPresent(Int.self, forKey: .bins) ?? bins
    }

    /// Writes every field.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(operations, forKey: .operations)
        try values.encode(magnitude, forKey: .magnitude)
        try values.encode(bins, forKey: .bins)
    }
}

extension KeyedDecodingContainer {
    /// Two numbers, written as a list.
    fileprivate func pair(_ key: Key, _ fallback: (Double, Double)) throws -> (Double, Double) {
        guard let numbers = try decodeIfPresent([Double].self, forKey: key) else { return fallback }
        guard numbers.count == 2 else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "\(numbers.count) numbers where two are needed")
        }
        return (numbers[0], numbers[1])
    }
}
