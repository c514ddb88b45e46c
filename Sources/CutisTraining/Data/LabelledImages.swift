package import CutisCore
package import CutisDatasets

/// The images to train on, one row for each, with their classes.
package struct LabelledImages: Sendable {
    /// Where each image is.
    package let locations: [ImageLocation]
    /// The class of each image.
    package let labels: [Int]
    /// The position in the data set of the sample that each image is from.
    package let samples: [Int]

    /// Takes the images of single-label samples; a case with several images gives as many rows.
    ///
    /// - Parameters:
    ///   - dataset: the data.
    ///   - positions: the samples to take, such as those of a split.
    /// - Throws: `.dataInvalid` for a sample without a label, or with several.
    package init(_ dataset: Dataset, samples positions: [Int]) throws(CutisError) {
        var locations: [ImageLocation] = []
        var labels: [Int] = []
        var samples: [Int] = []
        for position in positions {
            let sample = dataset.samples[position]
            guard let label = sample.labels.first, sample.labels.count == 1 else {
                throw CutisError(
                    .dataInvalid,
                    "The sample '\(sample.id)' has \(sample.labels.count) labels; a classifier needs one each.",
                    remedy: "Give every sample one label, or leave it out of the split.")
            }
            for image in sample.images {
                locations.append(image)
                labels.append(label)
                samples.append(position)
            }
        }
        self.locations = locations
        self.labels = labels
        self.samples = samples
    }
}
