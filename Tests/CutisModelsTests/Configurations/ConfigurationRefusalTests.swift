import CutisCore
import CutisModels
import Foundation
import Testing

/// A configuration file that must be refused with its key named.
struct RefusalCase: Sendable, CustomTestStringConvertible {
    let what: String
    let model: String
    let file: String
    let text: String
    let mentions: String

    var testDescription: String { what }

    private static func vit(_ what: String, _ members: String, _ mentions: String) -> RefusalCase {
        RefusalCase(
            what: what, model: "hf-vit-l32-384", file: "config.json",
            text: #"{"model_type": "vit"\#(members)}"#, mentions: mentions)
    }

    private static func timm(_ what: String, _ text: String, _ mentions: String) -> RefusalCase {
        RefusalCase(what: what, model: "timm-vit-l32-384", file: "config.json", text: text, mentions: mentions)
    }

    private static func clip(_ what: String, _ text: String, _ mentions: String) -> RefusalCase {
        RefusalCase(what: what, model: "openclip-l14", file: "open_clip_config.json", text: text, mentions: mentions)
    }

    static let all = [
        vit("heads that do not divide", #", "num_attention_heads": 15"#, "15 heads"),
        vit("a text for a number", #", "hidden_size": "1024""#, "`hidden_size`: the text \"1024\""),
        vit("a fraction for a whole number", #", "hidden_size": 1024.5"#, "`hidden_size`: 1024.5"),
        vit("a depth beyond the limit", #", "num_hidden_layers": 100000"#, "1…128"),
        vit("a negative depth", #", "num_hidden_layers": -1"#, "`num_hidden_layers`"),
        vit("a number beyond integers", #", "hidden_size": 1e300"#, "`hidden_size`"),
        vit("an unknown activation", #", "hidden_act": "mish""#, "mish"),
        vit("a missing label", #", "id2label": {"0": "a"}"#, "names 1 classes"),
        vit("labels that are no object", #", "id2label": [1]"#, "`id2label`: a list of 1"),
        vit("an image that is no multiple", #", "image_size": 100"#, "not a multiple"),
        RefusalCase(
            what: "another model type", model: "hf-vit-l32-384", file: "config.json", text: #"{"model_type": "bert"}"#,
            mentions: "`model_type`"),
        RefusalCase(
            what: "no JSON", model: "hf-vit-l32-384", file: "config.json", text: "{\"model_type\": ",
            mentions: "not valid JSON"),
        RefusalCase(
            what: "no object", model: "hf-vit-l32-384", file: "config.json", text: "[1, 2]",
            mentions: "no JSON object"),
        RefusalCase(
            what: "nesting without end", model: "hf-vit-l32-384", file: "config.json",
            text: String(repeating: "[", count: 100_000), mentions: "not valid JSON"),
        timm("an architecture that computes otherwise", #"{"architecture": "vit_base_patch16_rpn_224"}"#, "rpn"),
        timm(
            "an option that changes the computation",
            #"{"architecture": "vit_base_patch16_224", "model_args": {"qk_norm": true}}"#, "`model_args.qk_norm`"),
        timm("attention pooling", #"{"architecture": "vit_base_patch16_224", "global_pool": "map"}"#, "`global_pool`"),
        timm(
            "OpenAI's weights without QuickGELU",
            #"{"architecture": "vit_large_patch14_clip_224", "pretrained_cfg": {"tag": "openai"}}"#, "quick_gelu"),
        timm("too few labels", #"{"architecture": "vit_large_patch32_384", "label_names": ["a"]}"#, "names 1 classes"),
        timm(
            "a crop that is not known",
            """
            {"architecture": "vit_large_patch32_384",
             "pretrained_cfg": {"input_size": [3, 384, 384], "crop_mode": "x"}}
            """,
            "`pretrained_cfg.crop_mode`"),
        clip("no vision part", #"{"model_cfg": {"embed_dim": 768}}"#, "`model_cfg.vision_cfg`"),
        clip("a residual tower", #"{"model_cfg": {"vision_cfg": {"layers": [3, 4, 6, 3]}}}"#, "residual CLIP"),
        clip("a timm tower", #"{"model_cfg": {"vision_cfg": {"timm_model_name": "vit"}}}"#, "timm_model_name"),
        clip(
            "OpenAI's tag without QuickGELU",
            #"{"model_cfg": {"embed_dim": 768, "vision_cfg": {}}, "tag": "openai"}"#, "quick_gelu"),
        RefusalCase(
            what: "OpenAI's weights with erf GELU at Hugging Face", model: "hf-clip-l14", file: "config.json",
            text: """
                {"model_type": "clip", "_name_or_path": "openai/clip-vit-large-patch14",
                 "vision_config": {"hidden_act": "gelu", "num_attention_heads": 16, "patch_size": 14}}
                """, mentions: "quick_gelu"),
        RefusalCase(
            what: "a residual network of another kind", model: "torchvision-resnet50", file: "config.json",
            text: #"{"architecture": "resnet50d"}"#, mentions: "resnet50d"),
        RefusalCase(
            what: "a filter that does not exist", model: "hf-vit-l32-384", file: "preprocessor_config.json",
            text: #"{"resample": 17}"#, mentions: "`resample`"),
        RefusalCase(
            what: "two means", model: "hf-vit-l32-384", file: "preprocessor_config.json",
            text: #"{"image_mean": [0.5, 0.5]}"#, mentions: "`image_mean`"),
    ]
}

@Suite("Configurations that are refused")
struct ConfigurationRefusalTests {
    @Test("file and key are named", arguments: RefusalCase.all)
    func namesFileAndKey(_ test: RefusalCase) throws {
        let folder = try ConfigFolder([test.file: test.text])
        let error = #expect(throws: CutisError.self) {
            try ConfigurationReader.read(NamesOnly(model: test.model), folder: folder.url)
        }
        let message = try #require(error?.message)
        #expect([.configInvalid, .labelsMismatch].contains(error?.code), "\(message)")
        #expect(message.contains(test.mentions), "\(message)")
    }

    @Test func openAIsOwnDictionaryNeedsQuickGELU() throws {
        var archive = try NamesOnly(model: "openclip-l14")
        for name in ["input_resolution", "context_length", "vocab_size"] {
            archive.tensors.merge(NamesOnly([name: []]).tensors) { $1 }
        }
        let bare = try ConfigurationReader.read(archive, folder: nil)
        #expect(bare.transformer?.activation == .quickGELU)
        #expect(bare.assumptions.contains { $0.contains("QuickGELU") })
        let folder = try ConfigFolder(["open_clip_config.json": #"{"model_cfg": {"vision_cfg": {}}}"#])
        let error = #expect(throws: CutisError.self) { try ConfigurationReader.read(archive, folder: folder.url) }
        #expect(error?.message.contains("input_resolution") == true)
    }

    @Test func aForeignConfigurationBesideAFileIsLeftOut() throws {
        let folder = try ConfigFolder(["config.json": #"{"model_type": "bert"}"#])
        let archive = try NamesOnly(model: "torchvision-vit-b16")
        #expect(try ConfigurationReader.read(archive, folder: folder.url, mayBeForeign: true).kind == .torchvisionViT)
        #expect(throws: CutisError.self) { try ConfigurationReader.read(archive, folder: folder.url) }
    }

    @Test func unknownTensorsAreRefusedWithTheirNames() throws {
        let error = #expect(throws: CutisError.self) {
            try ConfigurationReader.read(NamesOnly(["x.y": [1], "a.b": [2]]), folder: nil)
        }
        #expect(error?.code == .checkpointUnsupported)
        #expect(error?.message.contains("a.b, x.y") == true)
    }

    @Test func headsThatNothingTellsAreAskedFor() throws {
        let url = VisionFixture.folder("torchvision-vit").appendingPathComponent("vit.pth")
        let error = #expect(throws: CutisError.self) { try ConfigurationReader.open(url) }
        #expect(error?.message.contains("attention heads") == true)
        #expect(try ConfigurationReader.open(url, heads: 4).configuration.transformer?.heads == 4)
    }
}
