import CutisHub
import Testing

@Suite struct SelectionTests {
    /// The cases follow Python's `fnmatch.fnmatchcase`.
    @Test(arguments: [
        ("*.json", "config.json", true), ("*.json", "a/b/config.json", true), ("*.json", "config.json5", false),
        ("config.json", "config.json", true), ("config.json", "Config.json", false), ("?.bin", "a.bin", true),
        ("?.bin", ".bin", false), ("model-[0-9].bin", "model-3.bin", true), ("model-[!0-9].bin", "model-3.bin", false),
        ("model-[!0-9].bin", "model-x.bin", true), ("[]]", "]", true), ("[!]]", "x", true), ("[a-", "[a-", true),
        ("[z-a]", "m", false), ("onnx/", "onnx/model.onnx", true), ("onnx/", "onnx", false), ("*", "", true),
        ("", "", true),
        ("", "a", false), ("**/*.json", "a/b.json", true), ("*a*b*c", "xxaxxbxxc", true),
        ("*a*b*c", "xxaxxcxxb", false),
        ("a.b", "axb", false), ("é*", "école", true), ("[a-c-]", "-", true),
    ])
    func globs(_ pattern: String, _ path: String, _ expected: Bool) {
        #expect(GlobPattern(pattern).matches(path) == expected)
    }

    @Test(.timeLimit(.minutes(1))) func globsTakeLinearSpaceAndBoundedTime() {
        let pattern = GlobPattern(String(repeating: "*a", count: 200) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 1000)))
    }

    @Test func modelFilesPrefersSafetensors() {
        let chosen = FileSelection.modelFiles.choose(from: [
            ".gitattributes", "README.md", "LICENSE", "config.json", "preprocessor_config.json", "vocab.txt",
            "merges.txt",
            "model.safetensors", "pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "model.onnx", "optimizer.pt",
            "training_args.bin", "rng_state_0.pth", "head.pt", "runs/events.out.tfevents", "spiece.model", "photo.png",
            "metadata/thresholds.json", "model/screening.keras", "logs/.hidden/x.json",
        ])
        #expect(
            chosen == [
                "README.md", "LICENSE", "config.json", "preprocessor_config.json", "vocab.txt", "merges.txt",
                "model.safetensors", "head.pt", "spiece.model", "metadata/thresholds.json", "model/screening.keras",
            ])
    }

    @Test func modelFilesPairsNamesAndShards() {
        func chosen(_ paths: String...) -> [String] { FileSelection.modelFiles.choose(from: paths) }
        #expect(chosen("open_clip_pytorch_model.bin") == ["open_clip_pytorch_model.bin"])
        #expect(chosen("open_clip_pytorch_model.bin", "open_clip_model.safetensors") == ["open_clip_model.safetensors"])
        #expect(
            chosen(
                "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin", "pytorch_model.bin.index.json",
                "model-00001-of-00003.safetensors", "model.safetensors.index.json")
                == ["model-00001-of-00003.safetensors", "model.safetensors.index.json"])
        #expect(
            chosen("pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json")
                == ["pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json"])
        #expect(chosen("a/model.safetensors", "b/pytorch_model.bin") == ["a/model.safetensors", "b/pytorch_model.bin"])
        #expect(chosen("vision.pt", "vision.safetensors", "text.pt") == ["vision.safetensors", "text.pt"])
        #expect(chosen("tf_model.h5") == ["tf_model.h5"])
    }
}
