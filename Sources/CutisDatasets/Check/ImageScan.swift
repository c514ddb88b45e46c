import Crypto
import CutisCore
import CutisImaging
import Dispatch
import Synchronization

/// What decoding each image of a data set showed.
struct ImageScan: Sendable {
    /// One image that could be read.
    struct Facts: Sendable {
        let width: Int
        let height: Int
        /// SHA-256 of size and pixels: equal for a copy in another file or another lossless format.
        let digest: SHA256Digest
        /// The perceptual hash, and those of the turned and mirrored forms where they were asked for.
        let hashes: [PerceptualHash]
    }

    /// One result per image, in the order that they were given.
    let results: [Result<Facts, CutisError>]

    /// Decodes all images on `workers` threads; memory holds one image per thread.
    static func run(
        _ locations: [ImageLocation], hashes: HashChoice, workers: Int, limits: DecodeLimits,
        progress: @Sendable (Int) -> Void
    ) -> ImageScan {
        let source = ImageSource()
        let next = Atomic<Int>(0)
        let collected = Mutex<[Result<Facts, CutisError>?]>(Array(repeating: nil, count: locations.count))
        DispatchQueue.concurrentPerform(iterations: max(1, min(workers, locations.count))) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < locations.count else { return }
                let result = facts(locations[index], source, hashes, limits)
                collected.withLock { $0[index] = result }
                progress(1)
            }
        }
        return ImageScan(results: collected.withLock { $0 }.compactMap { $0 })
    }

    /// Which perceptual hashes are computed.
    enum HashChoice: Sendable {
        case none, own, orientations
    }

    private static func facts(
        _ location: ImageLocation, _ source: ImageSource, _ choice: HashChoice, _ limits: DecodeLimits
    ) -> Result<Facts, CutisError> {
        do {
            let image = try source.pixels(location, limits: limits)
            let hashes =
                switch choice {
                case .none: [PerceptualHash]()
                case .own: [try PerceptualHash(image)]
                case .orientations: try PerceptualHash.orientations(of: image)
                }
            var digest = SHA256()
            withUnsafeBytes(of: (Int64(image.width), Int64(image.height))) { digest.update(bufferPointer: $0) }
            image.pixels.withUnsafeBytes { digest.update(bufferPointer: $0) }
            return .success(
                Facts(width: image.width, height: image.height, digest: digest.finalize(), hashes: hashes))
        } catch let error as CutisError {
            return .failure(error)
        } catch {
            return .failure(
                CutisError(.imageCorrupt, "An image could not be read: \(error).", remedy: "Remove or replace it."))
        }
    }
}
