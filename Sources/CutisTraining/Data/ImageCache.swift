import CutisCore
package import CutisImaging
package import Foundation

/// Decodes images on first use and keeps them, up to a number of bytes.
///
/// Safe to share: the table is touched only while `lock` is held; a decoded image is a value.
package final class ImageCache: @unchecked Sendable {
    private let urls: [URL]
    private let budget: Int
    private let lock = NSLock()
    private var images: [PixelBuffer?]
    private var bytes = 0

    /// Caches the images of `urls` within `budget` bytes; those that no longer fit are decoded each time.
    package init(_ urls: [URL], budget: Int = 2 << 30) {
        self.urls = urls
        self.budget = budget
        images = Array(repeating: nil, count: urls.count)
    }

    /// The decoded RGB image of a row.
    ///
    /// - Throws: what the decoder says about a file that it refuses.
    package func image(_ row: Int) throws -> PixelBuffer {
        if let image = lock.withLock({ images[row] }) { return image }
        let image = try ImageDecoder.decode(urls[row])
        lock.withLock {
            guard images[row] == nil, bytes + image.pixels.count <= budget else { return }
            images[row] = image
            bytes += image.pixels.count
        }
        return image
    }
}
