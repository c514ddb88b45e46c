import CutisCore
import CutisImaging
import CutisModels
import CutisStatistics

/// The text that goes with the weights: what they are, from what, how good, and what they are not for.
struct ModelCard {
    let configuration: TrainingConfiguration
    let model: ModelConfiguration
    let recipe: PreprocessingRecipe
    let labels: LabelSet
    let metrics: TrainingMetrics
    let crossValidation: CrossValidationReport?

    private var words: CardConfiguration { configuration.card }

    /// The card as Markdown.
    var text: String {
        [header, data, training, figures, folds, use].compactMap(\.self).joined(separator: "\n\n") + "\n"
    }

    private var header: String {
        let names = labels.labels.map { $0.id == $0.label ? $0.id : "\($0.id) (\($0.label))" }
        let size = recipe.outputSize.map { "\($0.width)×\($0.height)" } ?? "any size"
        return """
            # \(words.title ?? configuration.name)

            | | |
            |---|---|
            | classes | \(names.joined(separator: ", ")) |
            | network | \(network), \(metrics.parameters) parameters, stored in fp16, computed in fp32 |
            | input | RGB, \(size), mean \(list(recipe.mean)), deviation \(list(recipe.std)) |
            | output | soft-max of the logits divided by \(fixed(metrics.temperature, 4)) |
            | trained | \(metrics.date), \(metrics.engine) |
            | licence of the weights | \(words.licence) |
            """
    }

    private var network: String {
        switch model {
        case .visionTransformer(let config):
            "vision transformer, \(config.depth) blocks of width \(config.width), patches of \(config.patchSize)"
        case .resNet(let config):
            "residual network, blocks \(config.blocks.map(String.init).joined(separator: ", ")), stem width "
                + "\(config.stemWidth)"
        }
    }

    private var data: String {
        let parts = ["train", "validation", "test"]
        var rows = labels.labels.map { label in
            "| \(label.id) | \(parts.map { "\(metrics.images[$0]?[label.id] ?? 0)" }.joined(separator: " | ")) |"
        }
        let sums = parts.map { "\(metrics.images[$0]?.values.reduce(0, +) ?? 0)" }
        rows.append("| all | \(sums.joined(separator: " | ")) |")
        let grouping =
            switch configuration.data.grouping {
            case .auto: "no patient and no lesion is in two parts, where the data names them"
            case .patient: "no patient is in two parts, where the data names them"
            case .lesion: "no lesion is in two parts, where the data names them"
            case .none: "images of one lesion may be in two parts"
            }
        return """
            ## Data

            \(words.data ?? "The origin of the images was not stated.")

            The parts are stratified by class (seed \(configuration.seed)); \(grouping).

            | class | train | validation | test |
            |---|---|---|---|
            \(rows.joined(separator: "\n"))
            """
    }

    private var training: String {
        let average = configuration.ema.map { ", a moving average (\($0))" } ?? ""
        let start = configuration.model.from.map { _ in "from a checkpoint" } ?? "from random weights"
        return """
            ## Training

            \(configuration.schedule.stages.map(stage).joined(separator: "; ")); \(start), in batches of \
            \(configuration.batchSize * configuration.accumulate), by \(configuration.optimizer.kind.rawValue). The kept \
            weights\(average) are those after epoch \(metrics.bestEpoch) of \(metrics.epochs), the best on validation by \
            \(configuration.validation.metric.rawValue). `config.yaml` of the run has every number; `cutis train` with \
            it does it again.
            """
    }

    private func stage(_ stage: ScheduleConfiguration.Stage) -> String {
        let changes = [
            stage.restartRate.map { "learning rate again from \($0)" },
            stage.mixing.map { $0.probability == 0 ? "no mixing" : "mixing \($0.probability)" },
            stage.labelSmoothing.map { "label smoothing \($0)" },
            stage.classWeightPower.map { "class weights to the power \($0)" },
        ].compactMap(\.self)
        let list = changes.isEmpty ? "" : " (\(changes.joined(separator: ", ")))"
        return "\(stage.epochs) epochs at \(stage.imageSize ?? configuration.model.imageSize) px\(list)"
    }

    private var figures: String {
        guard let test = metrics.test else {
            return "## Figures on the validation part\n\nThese images chose epoch and thresholds, so the figures are "
                + "optimistic.\n\n\(tables(metrics.validation))"
        }
        return
            "## Figures on the test part\n\nEpoch, temperature, input size and thresholds were chosen on validation. "
            + "Brackets are 95 % intervals; `metrics.json` names the method of each and has the validation part too."
            + "\n\n\(tables(test))"
    }

    /// The figures of the same recipe over all images, each judged by a model that has not seen it.
    private var folds: String? {
        guard let report = crossValidation else { return nil }
        let name = report.watched ?? "watched class"
        func row(_ title: String, _ figure: (FoldFigures) -> Double?, _ pooled: Estimate?) -> String {
            let values = report.folds.compactMap(figure)
            let mean = values.count == report.folds.count ? try? Estimate.mean(of: values) : nil
            let single = values.map { fixed($0, 3) }.joined(separator: ", ")
            return "| \(title) | \(interval(mean)) | \(single) | \(interval(pooled)) |"
        }
        let rows = [
            row("accuracy", \.accuracy, report.pooled.accuracy),
            row("balanced accuracy", \.balancedAccuracy, report.pooled.balancedAccuracy),
            row("AUROC, mean of one-against-the-rest", \.macroAUROC, report.pooled.macroAUROC),
            row("\(name): AUROC", \.watchedAUROC, report.pooled.watched?.auroc),
            row("\(name): average precision", \.watchedPrecision, report.pooled.watched?.averagePrecision),
        ]
        let images = report.folds.reduce(0) { $0 + $1.images }
        return """
            ## Cross-validation

            The same recipe, trained \(report.folds.count) times, each time without one of \(report.folds.count) parts \
            of the \(images) images (\(report.date)); a part is judged by the model that has not been trained on it. It \
            chose that model's epoch, temperature and input size, so the figures are a little optimistic. Brackets are \
            95 % intervals: over the folds (Student's t; folds share training images, so it is rather narrow), and over \
            the images of all parts together.

            | figure | mean of the folds | each fold | all images together |
            |---|---|---|---|
            \(rows.joined(separator: "\n"))
            """
    }

    private func tables(_ report: EvaluationReport) -> String {
        var rows = [
            ("accuracy", report.accuracy), ("balanced accuracy", report.balancedAccuracy),
            ("expected calibration error (15 bins)", report.calibrationError), ("Brier score (0…2)", report.brier),
        ].map { "| \($0.0) | \(interval($0.1)) |" }
        rows.append("| AUROC, mean of one-against-the-rest | \(interval(report.macroAUROC)) |")
        if let watched = report.watched, let name = metrics.watched {
            let point = watched.operatingPoint
            rows += [
                "| \(name): AUROC | \(interval(watched.auroc)) |",
                "| \(name): average precision | \(interval(watched.averagePrecision)) |",
                "| \(name): sensitivity at \(fixed(point.threshold, 4)) | \(interval(point.sensitivity)) |",
                "| \(name): specificity at that threshold | \(interval(point.specificity)) |",
            ]
        }
        let classes = labels.labels.map { label in
            "| \(label.id) | \(report.counts[label.id] ?? 0) | \(interval(report.classAUROC[label.id])) | "
                + "\(interval(report.classRecall[label.id])) |"
        }
        let groups = report.subgroups.map { group in
            "| \(group.attribute): \(group.value) | \(group.count) | \(group.positives) | "
                + "\(interval(group.accuracy)) | \(interval(group.auroc)) |"
        }
        let subgroups =
            groups.isEmpty
            ? ""
            : "\n\n| subgroup | images | of the watched class | accuracy | AUROC |\n|---|---|---|---|---|\n"
                + groups.joined(separator: "\n")
        return "| figure | value |\n|---|---|\n\(rows.joined(separator: "\n"))\n\n| class | images | AUROC | recall |\n"
            + "|---|---|---|---|\n\(classes.joined(separator: "\n"))\(subgroups)\n\n"
            + "A dash: too few images for a figure. Many intervals are wide; a difference inside them is no finding."
    }

    private var use: String {
        let limits = words.limits.isEmpty ? ["Not stated."] : words.limits
        return """
            ## Intended use

            \(words.use)

            ## Limits

            \(limits.map { "- \($0)" }.joined(separator: "\n"))
            - Every image gets one of the names above. There is no protection against images unlike the training data.
            """
    }

    private func list(_ numbers: [Float]) -> String { numbers.map { "\($0)" }.joined(separator: ", ") }

    private func interval(_ estimate: Estimate?) -> String {
        guard let estimate else { return "–" }
        return "\(fixed(estimate.value, 3)) (\(fixed(estimate.lower, 3))–\(fixed(estimate.upper, 3)))"
    }
}
