public import CutisCore

/// The random changes that training makes to an image: the section `augmentation` of a training configuration.
///
/// The steps, in this order: a part resized to the input's size, mirroring and quarter turns, turning by an angle,
/// RandAugment, colours, normalisation, erasing. Each has torchvision's parameters and, for the same parameters, the
/// bytes of torchvision on PIL images. The same generator state gives the same image.
public struct AugmentationConfiguration: Sendable, Hashable {
    /// The random part that is resized to the input; nil takes the largest central part of the input's shape.
    public var crop: RandomResizedCrop?
    /// The interpolation of the resize.
    public var filter: ResampleFilter
    /// The probability of a mirroring left-right.
    public var horizontalFlip: Double
    /// The probability of a mirroring top-bottom.
    public var verticalFlip: Double
    /// Turns by 0, 90, 180 or 270 degrees, each as likely; only where the result is square. With a mirroring of
    /// probability 0.5 these are the eight symmetries of the square, each as likely.
    public var quarterTurns: Bool
    /// Turns by −x…x degrees, nearest pixels, black corners (torchvision's `RandomRotation`); 0 for none.
    public var rotationDegrees: Double
    /// Operations from RandAugment's list; nil for none.
    public var randAugment: RandAugment?
    /// Random colour changes; nil for none.
    public var jitter: ColorJitter?
    /// A rectangle that is erased after the normalisation; nil for none.
    public var erasing: RandomErasing?

    /// Joins the parts; the defaults change nothing but the size.
    public init(
        crop: RandomResizedCrop? = nil, filter: ResampleFilter = .bilinear, horizontalFlip: Double = 0,
        verticalFlip: Double = 0, quarterTurns: Bool = false, rotationDegrees: Double = 0,
        randAugment: RandAugment? = nil, jitter: ColorJitter? = nil, erasing: RandomErasing? = nil
    ) {
        self.crop = crop
        self.filter = filter
        self.horizontalFlip = horizontalFlip
        self.verticalFlip = verticalFlip
        self.quarterTurns = quarterTurns
        self.rotationDegrees = rotationDegrees
        self.randAugment = randAugment
        self.jitter = jitter
        self.erasing = erasing
    }

    /// Draws the changes of one image.
    ///
    /// - Parameters:
    ///   - width: columns of the whole image.
    ///   - height: rows of the whole image.
    ///   - size: of the result.
    public func sample(
        width: Int, height: Int, size: CropSize, using generator: inout some RandomNumberGenerator
    ) -> AugmentationDraw {
        let ratio = Double(size.width) / Double(max(1, size.height))
        let box =
            crop?.sample(width: width, height: height, using: &generator)
            ?? .central(width: width, height: height, ratio: ratio, ratio)
        let isMirrored = generator.chance(horizontalFlip)
        let isUpsideDown = generator.chance(verticalFlip)
        let turns = quarterTurns && size.width == size.height ? generator.index(below: 4) : 0
        let turnsByAngle = rotationDegrees > 0 && rotationDegrees.isFinite
        let angle = turnsByAngle ? generator.uniform(-rotationDegrees, rotationDegrees) : 0
        let operations = randAugment?.sample(width: size.width, height: size.height, using: &generator)
        let changes = jitter?.sample(using: &generator)
        let erased = erasing?.sample(width: size.width, height: size.height, using: &generator)
        return AugmentationDraw(
            crop: box, mirrorsLeftRight: isMirrored, mirrorsTopBottom: isUpsideDown, quarterTurns: turns,
            degrees: angle, operations: operations ?? [], changes: changes ?? [], erased: erased)
    }

    /// Makes one random version of an image, without normalisation and erasing.
    ///
    /// - Throws: `CutisError` with `.invalidArguments` when the size is not one that `Resampler` makes.
    public func apply(
        to image: PixelBuffer, size: CropSize, using generator: inout some RandomNumberGenerator
    ) throws(CutisError) -> PixelBuffer {
        let draw = sample(width: image.width, height: image.height, size: size, using: &generator)
        return try draw.apply(to: image, size: size, filter: filter)
    }

    /// Makes one random version of an image and writes it as normalised numbers.
    ///
    /// - Parameters:
    ///   - image: the whole decoded RGB image.
    ///   - output: `size.height · size.width · 3` places, filled row by row with interleaved channels.
    /// - Throws: `CutisError` with `.invalidArguments` when the size is not one that `Resampler` makes, the image is
    ///   not RGB or the places do not fit.
    public func write(
        _ image: PixelBuffer, size: CropSize, _ normalisation: ChannelNormalisation,
        to output: UnsafeMutableBufferPointer<Float>, using generator: inout some RandomNumberGenerator
    ) throws(CutisError) {
        let draw = sample(width: image.width, height: image.height, size: size, using: &generator)
        try normalisation.write(draw.apply(to: image, size: size, filter: filter), to: output)
        if let erasing, let box = draw.erased {
            erasing.erase(box, of: output, width: size.width, using: &generator)
        }
    }
}

/// The changes that were drawn for one image.
public struct AugmentationDraw: Sendable, Hashable {
    /// The part of the image that is resized.
    public var crop: CropBox
    /// Whether left and right are exchanged.
    public var mirrorsLeftRight: Bool
    /// Whether top and bottom are exchanged, after that.
    public var mirrorsTopBottom: Bool
    /// How many quarters the result is then turned counter-clockwise, 0…3.
    public var quarterTurns: Int
    /// The angle that it is then turned by, counter-clockwise.
    public var degrees: Double
    /// What RandAugment does.
    public var operations: [RandAugment.Operation]
    /// The colour changes.
    public var changes: [ColorJitter.Change]
    /// The rectangle that is erased after the normalisation; nil for none.
    public var erased: CropBox?

    /// Joins the parts.
    public init(
        crop: CropBox, mirrorsLeftRight: Bool, mirrorsTopBottom: Bool, quarterTurns: Int, degrees: Double,
        operations: [RandAugment.Operation], changes: [ColorJitter.Change], erased: CropBox?
    ) {
        self.crop = crop
        self.mirrorsLeftRight = mirrorsLeftRight
        self.mirrorsTopBottom = mirrorsTopBottom
        self.quarterTurns = quarterTurns
        self.degrees = degrees
        self.operations = operations
        self.changes = changes
        self.erased = erased
    }

    /// Carries out everything but the erasing.
    ///
    /// - Throws: `CutisError` with `.invalidArguments` when the crop or the size do not fit.
    public func apply(
        to image: PixelBuffer, size: CropSize, filter: ResampleFilter
    ) throws(CutisError) -> PixelBuffer {
        try image.resizedCrop(crop, width: size.width, height: size.height, filter: filter)
            .oriented(orientation).rotated(degrees: degrees).applying(operations).applying(changes)
    }

    /// The mirrorings and quarter turns together are one of the EXIF orientations: one pass over the pixels.
    private var orientation: Int {
        let turned = [1, 8, 3, 6]
        guard mirrorsLeftRight != mirrorsTopBottom else {
            return turned[(quarterTurns + (mirrorsLeftRight ? 2 : 0)) % 4]
        }
        // Mirrored left-right, then turned; mirrored top-bottom is that after half a turn.
        return [2, 5, 4, 7][(quarterTurns + (mirrorsTopBottom ? 2 : 0)) % 4]
    }
}
