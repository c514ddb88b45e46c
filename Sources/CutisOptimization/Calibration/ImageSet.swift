import CutisCore
import CutisImaging
import CutisInference
import Dispatch
import Foundation
import Synchronization

/// Images that are decoded whenever they are needed: many times, but a few at a time.
struct ImageSet {
    let urls: [URL]
    private let recipe: PreprocessingRecipe

    /// Takes images that were readable before.
    init(_ urls: [URL], recipe: PreprocessingRecipe) {
        self.urls = urls
        self.recipe = recipe
    }

    /// Calls `body` with each image in its order; the next ones are decoded while it works.
    func forEach(_ body: (ImageTensor) throws -> Void) throws {
        var upcoming = Self.decode(urls.prefix(Self.batch), recipe)
        for start in stride(from: 0, to: urls.count, by: Self.batch) {
            let current = upcoming
            upcoming = Self.decode(urls.dropFirst(start + Self.batch).prefix(Self.batch), recipe)
            for image in current.wait() { try body(image.get().input) }
        }
    }

    /// The readable images among these, in their order, until there are `wanted`; and why others were refused.
    static func readable(
        _ urls: [URL], wanted: Int, recipe: PreprocessingRecipe
    ) throws -> (urls: [URL], refused: [(URL, CutisError)]) {
        var (found, refused): ([URL], [(URL, CutisError)]) = ([], [])
        for start in stride(from: 0, to: urls.count, by: batch) where found.count < wanted {
            let part = urls[start..<min(start + batch, urls.count)]
            for (url, result) in zip(part, decode(part, recipe).wait()) {
                switch result {
                case .success: found.append(url)
                case .failure(let error): refused.append((url, error))
                }
            }
        }
        return (Array(found.prefix(wanted)), refused)
    }

    private static let batch = 8

    private static func decode(_ urls: some Collection<URL>, _ recipe: PreprocessingRecipe) -> Decoding {
        Decoding(Array(urls), recipe)
    }

    /// A few images on their way, on another thread.
    private final class Decoding: Sendable {
        private let results = Mutex<[Result<PreparedImage, CutisError>]>([])
        private let group = DispatchGroup()

        init(_ urls: [URL], _ recipe: PreprocessingRecipe) {
            guard !urls.isEmpty else { return }
            DispatchQueue.global().async(group: group) { [self] in
                for url in urls {
                    let result: Result<PreparedImage, CutisError>
                    do throws(CutisError) { result = .success(try PreparedImage(url, recipe: recipe)) } catch {
                        result = .failure(error)
                    }
                    results.withLock { $0.append(result) }
                }
            }
        }

        func wait() -> [Result<PreparedImage, CutisError>] {
            group.wait()
            return results.withLock { $0 }
        }
    }
}
