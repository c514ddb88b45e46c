import CutisCore
import CutisImaging
import CutisModels
import CutisStatistics

/// The text that goes with the weights: what they are, from what, how good, and what they are not for.
struct ModelCard {
    let configuration: DefaultModelConfiguration
    let labels: LabelSet
    let parts: [String: [String: Int]]
    let record: TrainingRecord
    let metrics: ModelMetrics

    /// The card as Markdown.
    var text: String {
        [header, data, training, figures, use, limits].joined(separator: "\n\n") + "\n"
    }

    private var header: String {
        let blocks = configuration.architecture.blocks.map(String.init).joined(separator: ", ")
        return """
            # Cutis dermoscopy classifier

            A small residual network that names one of seven diagnoses for a dermoscopic image of a pigmented skin \
            lesion. It was trained from random weights by Cutis itself. **It is for research and for trying the \
            software. It is not a medical device and must not be used to decide about a person.**

            | | |
            |---|---|
            | classes | \(labels.labels.map { "\($0.id) (\($0.label))" }.joined(separator: ", ")) |
            | network | ResNet, blocks \(blocks), stem width \(configuration.architecture.stemWidth), \
            \(record.parameters) parameters, stored in fp16, computed in fp32 |
            | input | RGB, shortest side resized to \(side) (bilinear, antialiased), centre crop \(side)×\(side), \
            mean and deviation of ImageNet |
            | output | soft-max of the logits divided by \(fixed(metrics.temperature, 4)) |
            | trained | \(record.date), \(record.engine), \(record.machine) |
            | licence of the weights | CC BY-NC 4.0 (from the data): research only, with attribution |
            """
    }

    private var data: String {
        var rows = labels.labels.map { label in
            let counts = ["train", "validation", "test"].map { "\(parts[$0]?[label.id] ?? 0)" }
            return "| \(label.id) | \(counts.joined(separator: " | ")) |"
        }
        let sums = ["train", "validation", "test"].map { "\(parts[$0]?.values.reduce(0, +) ?? 0)" }
        rows.append("| all | \(sums.joined(separator: " | ")) |")
        return """
            ## Data

            HAM10000: P. Tschandl, C. Rosendahl, H. Kittler, *The HAM10000 dataset, a large collection of \
            multi-source dermatoscopic images of common pigmented skin lesions*, Scientific Data 5, 180161 (2018). \
            Licence CC BY-NC 4.0. One image per lesion was used, centre-cropped and reduced to 224×224 pixels.

            The split is random with seed \(configuration.seed), stratified by diagnosis, and disjoint by lesion (no \
            lesion is in two parts). Patients are not identified in the data, so the parts may share patients.

            | class | train | validation | test |
            |---|---|---|---|
            \(rows.joined(separator: "\n"))
            """
    }

    private var training: String {
        """
        ## Training

        \(configuration.stages.map(words).joined(separator: "; ")). Batches of \(configuration.batchSize); the kept \
        weights are the moving average after epoch \(record.history.bestEpoch) of \(record.history.epochs.count), which \
        was best on validation. Random resized crop, the eight symmetries of the square, colour jitter; at first MixUp \
        and CutMix. Cross-entropy with class weights (N / (K·N_i))^\(configuration.classWeightPower) and label smoothing \
        \(configuration.labelSmoothing), where no stage says otherwise, plus \(configuration.focalWeight) × focal loss \
        on melanoma. AdamW. `training.json` has every number; `cutis train` does it again.
        """
    }

    private func words(_ stage: DefaultModelConfiguration.Stage) -> String {
        let changes = [
            stage.restartRate.map { "learning rate again from \($0)" },
            stage.mixing.map { $0.probability == 0 ? "no mixing" : "mixing \($0.probability)" },
            stage.labelSmoothing.map { "label smoothing \($0)" },
            stage.classWeightPower.map { "class weights to the power \($0)" },
        ].compactMap(\.self)
        let list = changes.isEmpty ? "" : " (\(changes.joined(separator: ", ")))"
        return "\(stage.epochs) epochs at \(stage.side) px\(list)"
    }

    private var figures: String {
        let test = metrics.test
        let point = test.melanoma.operatingPoint
        let classRows = labels.labels.map { label in
            "| \(label.id) | \(parts["test"]?[label.id] ?? 0) | \(interval(test.classAUROC[label.id])) | "
                + "\(interval(test.classRecall[label.id])) |"
        }
        let groupRows = test.subgroups.map { group in
            "| \(group.attribute): \(group.value) | \(group.count) | \(group.melanomas) | "
                + "\(interval(group.accuracy)) | \(interval(group.melanomaAUROC)) |"
        }
        return """
            ## Figures on the test part

            Epoch, temperature, input size and threshold were chosen on validation. The recipe itself (its stages, class \
            weights and label smoothing) was settled while the figures of earlier runs on both parts of this same split \
            were in sight, so these figures may be a little better than on new data. Brackets are 95 % intervals; \
            `metrics.json` names the method of each and has the validation part too.

            | figure | value |
            |---|---|
            | accuracy | \(interval(test.accuracy)) |
            | balanced accuracy | \(interval(test.balancedAccuracy)) |
            | AUROC, mean of seven one-against-the-rest | \(interval(test.macroAUROC)) |
            | melanoma AUROC | \(interval(test.melanoma.auroc)) |
            | melanoma average precision | \(interval(test.melanoma.averagePrecision)) |
            | melanoma sensitivity at threshold \(fixed(point.threshold, 4)) | \(interval(point.sensitivity)) |
            | melanoma specificity at that threshold | \(interval(point.specificity)) |
            | expected calibration error (15 bins) | \(interval(test.calibrationError)) |
            | Brier score (0…2) | \(interval(test.brier)) |

            The threshold has the \(metrics.melanomaThresholdRule).

            | class | images | AUROC | recall |
            |---|---|---|---|
            \(classRows.joined(separator: "\n"))

            | subgroup | images | melanomas | accuracy | melanoma AUROC |
            |---|---|---|---|---|
            \(groupRows.joined(separator: "\n"))

            A dash: too few images for a figure. Many of these intervals are wide; a difference inside them is no \
            finding.
            """
    }

    private var use: String {
        """
        ## Intended use

        To try Cutis, to test pipelines, to compare with in research on dermoscopic images like those of HAM10000. \
        Whoever reads an answer must be able to judge the image without it.
        """
    }

    private var limits: String {
        """
        ## Limits

        - Every image gets one of seven names. There is no class for healthy skin, for other diseases or for images \
        that show no lesion, and no protection against inputs unlike the training data: a photograph by a phone, a \
        face or a wall gets a confident answer too.
        - The data come from Austria and Australia, from mostly fair skin; skin types are not recorded. Nothing is \
        known about darker skin.
        - Images were centre-cropped and reduced to 224 pixels before training; fine structures that matter to a \
        dermatologist are lost.
        - Most naevi were diagnosed by follow-up or consensus and not by histology; other classes mostly by \
        histology. Cameras and diagnoses go together (almost all follow-up naevi are from one camera), so the network \
        may use traits of the camera, and the subgroup figures by source are the ones to look at.
        - The mix of diagnoses is that of specialised clinics. Predictive values elsewhere will be different.
        - Small, from random weights, without other data: larger pretrained networks are clearly better.
        """
    }

    private var side: Int { record.recipe.outputSize?.width ?? 0 }

    private func interval(_ estimate: Estimate?) -> String {
        guard let estimate else { return "–" }
        return "\(fixed(estimate.value, 3)) (\(fixed(estimate.lower, 3))–\(fixed(estimate.upper, 3)))"
    }
}
