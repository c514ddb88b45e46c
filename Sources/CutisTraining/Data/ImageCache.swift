package import CutisCore
package import CutisDatasets
package import CutisImaging
import Foundation

/// Decodes the images of a data set, and keeps those that fit into a number of bytes.
///
/// An epoch reads every image once, so throwing old images out for new ones would only make every read a miss: what
/// came first stays, and what no longer fits is decoded each time.
///
/// Safe to share: the table is touched only while `lock` is held; a decoded image is a value.
package final class ImageCache: @unchecked Sendable {
    private let locations: [ImageLocation]
    private let options: DecodeOptions
    private let budget: Int
    private let arrays = ImageArrays()
    private let lock = NSLock()
    private var images: [Int: PixelBuffer] = [:]
    private var bytes = 0

    /// Caches images within `budget` bytes; 0 keeps nothing.
    package init(_ locations: [ImageLocation], options: DecodeOptions = DecodeOptions(), budget: Int = 2 << 30) {
        self.locations = locations
        self.options = options
        self.budget = budget
    }

    /// How many images there are.
    package var count: Int { locations.count }

    /// How many bytes of decoded images are kept, never above the budget.
    package var keptBytes: Int { lock.withLock { bytes } }

    /// The decoded RGB image of a row.
    ///
    /// - Throws: what the decoder says about a file that it refuses; `.dataInvalid` for an array that holds no images.
    package func image(_ row: Int) throws(CutisError) -> PixelBuffer {
        lock.lock()
        let kept = images[row]
        lock.unlock()
        if let kept { return kept }
        let image: PixelBuffer
        switch locations[row] {
        case .file(let url): image = try ImageDecoder.decode(url, options: options)
        // An archive's arrays are in memory anyway: a copy of each image would only fill the budget.
        case .array(let archive, let name, let index): return try arrays.image(archive, name, index)
        }
        lock.lock()
        defer { lock.unlock() }
        if images[row] == nil, bytes + image.pixels.count <= budget {
            images[row] = image
            bytes += image.pixels.count
        }
        return image
    }

    /// What messages call the image of a row.
    package func name(_ row: Int) -> String {
        switch locations[row] {
        case .file(let url): url.path
        case .array(let archive, let name, let index): "\(archive.path), \(name)[\(index)]"
        }
    }
}
