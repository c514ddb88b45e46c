/// Where the time of one screening case went, in milliseconds of wall time.
///
/// Images are decoded beside each other and beside the loading of the model, so the parts add up to more than `total`.
public struct ScreeningTiming: Sendable, Hashable {
    /// The share of one image.
    public struct Image: Sendable, Hashable {
        /// The path or name.
        public let name: String
        /// Reading and decoding.
        public let decode: Double
        /// Turning, resizing, cropping and normalising.
        public let preprocess: Double
        /// How many times smaller than itself the image was decoded: 1, 2, 4 or 8.
        public let reduction: Int

        /// Joins the numbers of one image.
        public init(name: String, decode: Double, preprocess: Double, reduction: Int) {
            self.name = name
            self.decode = decode
            self.preprocess = preprocess
            self.reduction = reduction
        }
    }

    /// Reading, checking and building the model.
    public let load: Double
    /// The network's forward pass over all images of the case.
    public let encode: Double
    /// The head that joins the images.
    public let head: Double
    /// From the start of the command to its answer.
    public let total: Double
    /// Each image in the order of the case.
    public let images: [Image]

    /// Joins the parts.
    public init(load: Double, encode: Double, head: Double, total: Double, images: [Image]) {
        self.load = load
        self.encode = encode
        self.head = head
        self.total = total
        self.images = images
    }

    /// The decoding of all images, added up.
    public var decode: Double { images.reduce(0) { $0 + $1.decode } }
    /// The preprocessing of all images, added up.
    public var preprocess: Double { images.reduce(0) { $0 + $1.preprocess } }

    /// The parts by name, in the order of the work, `total` last.
    public var parts: KeyValuePairs<String, Double> {
        [
            "load": load, "decode": decode, "preprocess": preprocess, "encode": encode, "head": head, "total": total,
        ]
    }

    /// The documented JSON: the parts by name, then `images` with `image`, `decode`, `preprocess` and `reduction`.
    public var json: OrderedJSON {
        let each = images.map { image in
            OrderedJSON.object([
                "image": .string(image.name), "decode": Self.number(image.decode),
                "preprocess": Self.number(image.preprocess), "reduction": .integer(image.reduction),
            ])
        }
        return OrderedJSON.object([
            "load": Self.number(load), "decode": Self.number(decode), "preprocess": Self.number(preprocess),
            "encode": Self.number(encode), "head": Self.number(head), "total": Self.number(total),
        ]).appending(["images": .array(each)])
    }

    /// Microseconds are below what repeats.
    private static func number(_ milliseconds: Double) -> OrderedJSON {
        .number((milliseconds * 100).rounded() / 100)
    }
}
