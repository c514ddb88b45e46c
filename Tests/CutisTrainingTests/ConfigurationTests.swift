import CutisCore
import CutisImaging
import CutisModels
import CutisTraining
import Foundation
import Testing

@Suite struct ConfigurationTests {
    private let minimal = "data: {path: images}\n"

    private func message(_ yaml: String, _ overrides: [String] = []) -> String {
        do {
            _ = try TrainingConfiguration(yaml: yaml, overrides: overrides)
            return "accepted"
        } catch {
            return error.description
        }
    }

    @Test func defaultsAreThoseOfTheType() throws {
        var expected = TrainingConfiguration()
        expected.data.path = "images"
        let read = try TrainingConfiguration(yaml: minimal)
        #expect(read == expected)
    }

    @Test func everyFieldReadsBackEqual() throws {
        let yaml = """
            name: full.run-1
            seed: 7
            data: {path: "a: b # c", kind: csv, split: {folds: 5, fold: 2, test: 0.1}, grouping: patient,
                   labels: ["no", mel, "07"], allow_leak: true, maximum_image_errors: 3}
            model: {architecture: vit_tiny_patch16, image_size: 96, from: ckpt.pth, dropout: 0.1, layer_decay: 0.65,
                    freeze: {layers: 6, embedding: true, names: ["blocks.7.*", "norm.weight"]}, checkpointing: true}
            recipe: {resize: {mode: shortest_side, size: 100}, mean: [0.5, 0.5, 0.5]}
            sampler: weighted
            batch_size: 6
            accumulate: 4
            precision: fp16
            loss: {class_weights: [1, 2.5, 0], label_smoothing: 0.1, focal: {class: mel, weight: 0.5, gamma: 1}}
            optimizer: {kind: sgd, momentum: 0.8, nesterov: true, weight_decay: 1e-4, no_decay_on_norms: false}
            schedule: {epochs: 12, peak_rate: 0.1, warm_up_epochs: 0.5, decay: step, step_epochs: 4, step_factor: 0.5}
            gradient_clip: 1.5
            ema: 0.999
            validation: {interval: 2, metric: macro_auroc, class: "no", minimum_specificity: 0.9, patience: 5,
                         minimum_sensitivity: 0.95, image_sizes: [96, 112]}
            loader: {workers: 3, cache: memory}
            replicas: 3
            output: /tmp/somewhere else
            """
        let read = try TrainingConfiguration(yaml: yaml)
        #expect(read.data.split == .folds(count: 5, index: 2, test: 0.1))
        #expect(read.data.labels == ["no", "mel", "07"])
        #expect(read.model.freeze.names == ["blocks.7.*", "norm.weight"])
        #expect(read.loss.classWeights == .list([1, 2.5, 0]))
        #expect(read.optimizer.weightDecay == 1e-4)
        #expect(read.recipe?.mean == [0.5, 0.5, 0.5])
        #expect(read.recipe?.std == [0.229, 0.224, 0.225])
        let written = try read.yaml
        let again = try TrainingConfiguration(yaml: written)
        #expect(again == read)
        let rewritten = try again.yaml
        #expect(rewritten == written)
    }

    @Test(arguments: [
        ("data: {path: x}\nbatchsize: 3", "unknown key 'batchsize'", "'batch_size'"),
        ("data: {path: x}\noptimizer: {wieght_decay: 3}", "'optimizer.wieght_decay'", "'optimizer.weight_decay'"),
        ("data: {path: x, splt: given}", "'data.splt'", "'data.split'"),
        ("data: {path: x}\nschedule: {stages: [{epoch: 3}]}", "'schedule.stages[0].epoch'", "stages[0].epochs'"),
        ("data: {path: x}\nzzzzzzzzzz: 3", "'zzzzzzzzzz'", "The keys there are"),
        (
            "data: {path: x}\naugmentation: {quarter_turn: true}", "'augmentation.quarter_turn'",
            "'augmentation.quarter_turns'"
        ),
    ])
    func unknownKeysNameTheNearest(yaml: String, key: String, near: String) {
        let text = message(yaml)
        #expect(text.contains(key) && text.contains(near), "\(text)")
    }

    @Test(arguments: [
        ("batch_size: big", "batch_size must be a whole number, but it is the text \"big\""),
        ("batch_size: 1.5", "a whole number"),
        ("batch_size: 0", "within 1…65536"),
        ("schedule: {peak_rate: 0}", "schedule.peak_rate is 0.0; it must be above 0"),
        ("schedule: {peak_rate: .nan}", "schedule.peak_rate must be a number"),
        ("schedule: {peak_rate: 1e999}", "schedule.peak_rate must be a number"),
        ("schedule: {epochs: 3, stages: [{epochs: 1}]}", "exclude each other"),
        ("schedule: {epochs: 3, warm_up_epochs: 3}", "below the 3 epochs"),
        ("optimizer: 3", "optimizer must be a section, but it is the number 3"),
        ("optimizer: {kind: adam}", "did you mean 'adamw'"),
        ("optimizer: {kind: sgd, beta1: 0.9}", "belongs to adamw"),
        ("model: {architecture: vit_tiny_patch16, image_size: 100}", "multiple of 16"),
        ("model: {architecture: vit_tiny_patch16, stem_width: 8}", "stem_width"),
        ("name: ../escape", "name must be"),
        ("name: 5", "in quotes"),
        ("loss: {class_weights: [1, x]}", "loss.class_weights[1] must be a number"),
        ("loss: {class_weights: [0, 0]}", "not all of them 0"),
        ("replicas: 5", "not a multiple of the 5 replicas"),
        ("model: {freeze: {names: [5]}}", "model.freeze.names[0] must be a text"),
        ("mixing: {probability: high}", "mixing.probability"),
        ("recipe: {mean: [1, 2]}", "three numbers"),
        ("sampler: [shuffle]", "one of shuffle, weighted, but it is a list"),
        ("seed: -1", "seed is -1"),
        ("seed: 99999999999999999999", "seed must be a whole number"),
    ])
    func wrongValuesAreNamed(yaml: String, reason: String) {
        let text = message(minimal + yaml)
        #expect(text.contains(reason), "\(text)")
    }

    @Test func dataPathIsNeeded() {
        #expect(message("seed: 1").contains("data.path is missing"))
    }

    @Test func overridesReplaceValues() throws {
        let overrides = [
            "optimizer.weight_decay=0.05", "model.freeze.names=[\"head.*\", fc.bias]", "schedule.stages.1.epochs=9",
            "loss.focal={class: bcc}", "ema=null", "data.path=a=b",
        ]
        let yaml = minimal + "ema: 0.9\nschedule: {stages: [{epochs: 1}, {epochs: 2}]}\n"
        let read = try TrainingConfiguration(yaml: yaml, overrides: overrides)
        #expect(read.optimizer.weightDecay == 0.05)
        #expect(read.model.freeze.names == ["head.*", "fc.bias"])
        #expect(read.schedule.stages.map(\.epochs) == [1, 9])
        #expect(read.loss.focal?.label == "bcc")
        #expect(read.loss.focal?.gamma == 2)
        #expect(read.ema == nil)
        #expect(read.data.path == "a=b")
        #expect(message(minimal, ["optimizer.weight_decya=1"]).contains("'optimizer.weight_decay'"))
        #expect(message(minimal, ["seed"]).contains("not key=value"))
        #expect(message(minimal, ["seed=1, 2"]).contains("more than one value"))
        #expect(message(minimal, ["seed.deep=1"]).contains("seed must be a whole number"))
        #expect(message(minimal + "seed: 3", ["seed.deep=1"]).contains("can hold 'deep'"))
        #expect(message(minimal, ["seed=1]\nname: [x"]) != "accepted")
    }

    @Test func hostileFilesAreRefused() {
        let bomb =
            "a: &a [x, x]\n" + (0..<30).map { "b\($0): &b\($0) [*b\($0 - 1), *b\($0 - 1)]" }.joined(separator: "\n")
        #expect(message(bomb).contains("anchors"))
        #expect(message("data: {path: \"x # \", kind: *a}").contains("anchors"))
        #expect(message("? [a]\n: 3").contains("a key that is not a text"))
        #expect(message("seed: 1\nseed: 2").contains("seed"))
        #expect(message("seed: 1\nseed: 2") != "accepted")
        #expect(message("data: {path: x}\n'data': {path: y}").contains("data"))
        #expect(message(String(repeating: "[", count: 900) + String(repeating: "]", count: 900)).contains("nested"))
        #expect(message(String(repeating: "[", count: 200_000)) != "accepted")
        #expect(message("x: [" + String(repeating: "1,", count: 30_000) + "1]").contains("more than 20000 values"))
        #expect(message(String(repeating: " ", count: 300_000)).contains("bytes"))
        #expect(message("data: {path: \"\u{1}\"}") != "accepted")
        #expect(message("- 1\n- 2").contains("must be a section"))
        #expect(message("a: b: c").contains("line 1"))
        #expect(message("seed: 1\n---\nseed: 2") != "accepted")
    }

    @Test func fingerprintIgnoresWhereTheRunLies() throws {
        var first = try TrainingConfiguration(yaml: minimal)
        let fingerprint = try first.fingerprint
        #expect(fingerprint.count == 16)
        first.name = "other"
        first.output = "elsewhere"
        first.loader.workers = 9
        first.card.title = "Another"
        let moved = try first.fingerprint
        #expect(moved == fingerprint)
        first.schedule.peakRate *= 2
        let changed = try first.fingerprint
        #expect(changed != fingerprint)
    }

    @Test func theDefaultModelsRecipeReadsBackEqual() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Models/recipes/cutis-dermoscopy.yaml")
        let recipe = try TrainingConfiguration(file: file)
        #expect(try TrainingConfiguration(yaml: recipe.yaml) == recipe)
        let least = try TrainingConfiguration(yaml: "data: {path: x}")
        #expect(try TrainingConfiguration(yaml: least.yaml) == least)
        let network = recipe.model.architecture.configuration(
            classCount: 7, imageSize: recipe.model.imageSize, stemWidth: recipe.model.stemWidth)
        #expect(network == .resNet(.resNet18(stemWidth: 40, classCount: 7)))
        #expect(recipe.schedule.epochs == 93 && recipe.schedule.stages.count == 5)
        #expect(recipe.loss.focal?.label == "mel" && recipe.loss.focal?.weight == 0.3)
        #expect(recipe.augmentation.crop?.minimumScale == 0.3 && recipe.augmentation.quarterTurns)
        #expect(recipe.card.licence.contains("CC BY-NC 4.0") && recipe.card.limits.count > 3)
    }
}
