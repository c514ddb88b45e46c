import CutisCore
import CutisImaging
import CutisStatistics

/// Makes the batches of one epoch; called by the workers.
struct BatchMaker: Sendable {
    let loader: BatchLoader
    let order: [Int]
    let epoch: Int
    let side: Int
    let mixing: BatchMixing

    private var sampler: Sampler { loader.sampler }

    /// Makes one batch of this rank.
    ///
    /// - Throws: `.dataInvalid` when more images fail than the loader allows.
    func batch(_ number: Int) throws(CutisError) -> TrainingBatch {
        let whole = sampler.batch(number)
        let part = sampler.part(ofBatch: number)
        var generator = SeededGenerator(seed: sampler.seed, .mixing, epoch: epoch, item: number)
        let mixture = mixing.draw(side: side, &generator)
        let size = side * side * 3
        var pixels = [Float](repeating: 0, count: part.count * size)
        var rows: [Int] = []
        var failures: [LoadFailure] = []
        for (index, place) in part.enumerated() {
            try write(place, to: &pixels, at: index * size, &rows, &failures)
        }
        var partners = rows
        if mixture != .none, let first = rows.first, let last = rows.last {
            var partner: [Float]
            if part == whole {
                partner = Array(pixels.suffix(size))
                partners = [last] + rows.dropLast()
            } else {
                // The image before this rank's first one belongs to another rank, which makes the same of it.
                let before = part.lowerBound == whole.lowerBound ? whole.upperBound - 1 : part.lowerBound - 1
                partner = [Float](repeating: 0, count: size)
                partners = []
                var others: [LoadFailure] = []
                try write(before, to: &partner, at: 0, &partners, &others)
                partners = [partners.first ?? first] + rows.dropLast()
            }
            BatchMixing.apply(mixture, to: &pixels, side: side, partner: partner)
        }
        return TrainingBatch(
            number: number, side: side, pixels: pixels, labels: rows.map { Int64(loader.labels[$0]) },
            partners: partners.map { Int64(loader.labels[$0]) }, share: mixture.share, rows: rows,
            globalCount: whole.count, failures: failures)
    }

    /// Writes the image of a place in the epoch, or of the row that takes its place.
    private func write(
        _ place: Int, to pixels: inout [Float], at offset: Int, _ rows: inout [Int], _ failures: inout [LoadFailure]
    ) throws(CutisError) {
        var row = order[place]
        var substitutes = SeededGenerator(seed: sampler.seed, .replacement, epoch: epoch, item: place)
        var own: [Int: LoadFailure] = [:]
        // More tries than failures are allowed: a small data set draws the same row again.
        for _ in 0..<(4 * loader.failures.limit + 4) {
            do throws(CutisError) {
                try write(loader.cache.image(row), place, to: &pixels, at: offset)
                rows.append(row)
                failures += own.values.sorted { $0.row < $1.row }
                return
            } catch {
                guard error.code.concernsOneImage else { throw error }
                own[row] = LoadFailure(row: row, name: loader.cache.name(row), error: error)
                if own.count > loader.failures.limit { break }
                row = sampler.rows[substitutes.index(below: sampler.rows.count)]
            }
        }
        throw LoadFailures.tooMany(own.values.sorted { $0.row < $1.row }, limit: loader.failures.limit)
    }

    private func write(
        _ image: PixelBuffer, _ place: Int, to pixels: inout [Float], at offset: Int
    ) throws(CutisError) {
        var generator = SeededGenerator(seed: sampler.seed, .image, epoch: epoch, item: place)
        let size = CropSize(side)
        try pixels.withUnsafeMutableBufferPointer { (buffer) throws(CutisError) in
            let output = UnsafeMutableBufferPointer(rebasing: buffer[offset..<(offset + side * side * 3)])
            switch loader.preparation {
            case .training(let augmentation, let normalisation):
                try augmentation.write(image, size: size, normalisation, to: output, using: &generator)
            case .evaluation(let recipe):
                let normalisation = try ChannelNormalisation(mean: recipe.mean, deviation: recipe.std)
                try normalisation.write(recipe.resized(image), to: output)
            }
        }
    }
}

extension ErrorCode {
    /// Whether another image can do what this one cannot.
    fileprivate var concernsOneImage: Bool {
        switch self {
        case .fileNotFound, .fileUnreadable, .fileEmpty, .imageUnsupported, .imageCorrupt, .imageTooLarge,
            .imageTooSmall:
            true
        default: false
        }
    }
}
