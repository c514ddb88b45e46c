/// The size that an image is resized to, from its own size.
public enum ResizeRule: Sendable, Hashable {
    /// No resize.
    case none
    /// Both sides forced; the aspect ratio is not kept (`Resize((h, w))`, OpenCLIP's `squash`).
    case exact(width: Int, height: Int)
    /// The shorter side becomes `n`, the longer one ⌊n · long / short⌋ (torchvision's `Resize(n)`).
    case shortestSide(Int)
    /// The longer side becomes `n`, the shorter one rounds half to even (`ResizeKeepRatio(n, longest: 1)` of timm and
    /// OpenCLIP); a centre crop with padding follows as a rule.
    case longestSide(Int)
    /// The smallest size of the image's own aspect ratio that covers width × height, rounded half to even
    /// (`ResizeKeepRatio((h, w))` of timm and OpenCLIP, for targets that are not square).
    case cover(width: Int, height: Int)
    /// The largest size of the image's own aspect ratio that fits into width × height, rounded half to even
    /// (`ResizeKeepRatio((h, w), longest: 1)`).
    case fit(width: Int, height: Int)

    /// The size for an image; each side is at least 1.
    public func size(width: Int, height: Int) -> CropSize {
        switch self {
        case .none:
            return CropSize(width: width, height: height)
        case .exact(let newWidth, let newHeight):
            return CropSize(width: newWidth, height: newHeight)
        case .shortestSide(let side):
            let (short, long) = (min(width, height), max(width, height))
            let other = Int(Double(side * long) / Double(max(short, 1)))
            return width <= height
                ? CropSize(width: side, height: other) : CropSize(width: other, height: side)
        case .longestSide(let side):
            return Self.fit(width: side, height: side).size(width: width, height: height)
        case .fit(let newWidth, let newHeight):
            let ratio = max(Double(width) / Double(newWidth), Double(height) / Double(newHeight))
            return Self.divided(width, height, by: ratio)
        case .cover(let newWidth, let newHeight):
            let ratio = min(Double(width) / Double(newWidth), Double(height) / Double(newHeight))
            return Self.divided(width, height, by: ratio)
        }
    }

    private static func divided(_ width: Int, _ height: Int, by ratio: Double) -> CropSize {
        func side(_ size: Int) -> Int { max(Int((Double(size) / ratio).rounded(.toNearestOrEven)), 1) }
        return CropSize(width: side(width), height: side(height))
    }
}

extension ResizeRule: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case mode, size, width, height
    }

    private enum Mode: String, Codable {
        case none, exact
        case shortestSide = "shortest_side"
        case longestSide = "longest_side"
        case cover, fit
    }

    /// The sizes that the rule names.
    var sides: [Int] {
        switch self {
        case .none: []
        case .shortestSide(let side), .longestSide(let side): [side]
        case .exact(let width, let height), .cover(let width, let height), .fit(let width, let height):
            [width, height]
        }
    }

    /// Reads `{"mode": "exact", "width": 448, "height": 448}`, `{"mode": "shortest_side", "size": 256}`,
    /// `{"mode": "longest_side", "size": 224}`, `{"mode": "cover", "width": 320, "height": 256}`,
    /// `{"mode": "fit", …}` or `{"mode": "none"}`.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(notIn: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
        self =
            switch try values.decode(Mode.self, forKey: .mode) {
            case .none: .none
            case .exact: .exact(width: try number(.width), height: try number(.height))
            case .shortestSide: .shortestSide(try number(.size))
            case .longestSide: .longestSide(try number(.size))
            case .cover: .cover(width: try number(.width), height: try number(.height))
            case .fit: .fit(width: try number(.width), height: try number(.height))
            }
    }

    /// Writes the form that `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .none: try values.encode(Mode.none, forKey: .mode)
        case .shortestSide(let side): try encode(.shortestSide, side, to: &values)
        case .longestSide(let side): try encode(.longestSide, side, to: &values)
        case .exact(let width, let height): try encode(.exact, width, height, to: &values)
        case .cover(let width, let height): try encode(.cover, width, height, to: &values)
        case .fit(let width, let height): try encode(.fit, width, height, to: &values)
        }
    }

    private func encode(_ mode: Mode, _ side: Int, to values: inout KeyedEncodingContainer<CodingKeys>) throws {
        try values.encode(mode, forKey: .mode)
        try values.encode(side, forKey: .size)
    }

    private func encode(
        _ mode: Mode, _ width: Int, _ height: Int, to values: inout KeyedEncodingContainer<CodingKeys>
    ) throws {
        try values.encode(mode, forKey: .mode)
        try values.encode(width, forKey: .width)
        try values.encode(height, forKey: .height)
    }
}
