import CutisCore
import CutisModels
import Foundation
import Testing

@Suite("Configurations out of the libraries' own files")
struct ConfigurationReaderTests {
    @Test func huggingFaceViT() throws {
        let read = try VisionFixture.open("hf-vit").configuration
        let config = try #require(read.transformer)
        #expect(read.kind == .huggingFaceViT)
        #expect(config.heads == 4 && config.depth == 2 && config.width == 32 && config.mlpWidth == 64)
        #expect(config.normEpsilon == 1e-12 && config.imageSize == [16, 16] && config.classCount == 5)
        #expect(read.labels == (0..<5).map { "lesion \($0)" })
        #expect(read.preprocessing.resize == .exact(height: 16, width: 16))
        #expect(read.preprocessing.interpolation == .bilinear && read.preprocessing.crop == nil)
        #expect(read.preprocessing.mean == [0.5, 0.5, 0.5])
        #expect(read.assumptions.isEmpty)
    }

    @Test func huggingFaceCLIP() throws {
        let read = try VisionFixture.open("hf-clip").configuration
        let config = try #require(read.transformer)
        #expect(config.activation == .quickGELU && config.projectionWidth == 24 && config.preNorm)
        #expect(!config.patchBias && config.normEpsilon == 1e-5 && config.classCount == nil)
        #expect(read.preprocessing.resize == .shortestSide(16) && read.preprocessing.crop == [16, 16])
        #expect(read.preprocessing.cropRoundsDown && read.preprocessing.interpolation == .bicubic)
        #expect(read.preprocessing.std == [0.26862954, 0.26130258, 0.27577711])
        #expect(try VisionFixture.open("hf-clip-vision").configuration.transformer?.activation == .gelu)
    }

    @Test func tips() throws {
        let read = try VisionFixture.open("tipsv2", "model.safetensors").configuration
        let config = try #require(read.transformer)
        #expect(config.registers == 1 && config.layerScale && config.positionResize == .bilinearAntialias)
        #expect(config.heads == 4 && config.normEpsilon == 1e-6)
        #expect(read.preprocessing.resize == .exact(height: 16, width: 16))
        #expect(read.preprocessing.mean == [0, 0, 0] && read.preprocessing.std == [1, 1, 1])
        let gated = try VisionFixture.open("tipsv2-swiglu", "native-names.safetensors").configuration.transformer
        #expect(gated?.activation == .swiGLU && gated?.mlpWidth == 48)
    }

    @Test func thePublishedTIPSConfiguration() throws {
        let folder = try ConfigFolder([
            "config.json": """
            {"model_type": "tipsv2", "architectures": ["TIPSv2Model"], "patch_size": 14, "img_size": 448,
             "num_register_tokens": 1, "init_values": 1.0, "vision_fn": "vit_large", "embed_dim": 1024,
             "ffn_layer": "mlp", "vocab_size": 32000, "max_len": 64, "temperature": 0.004785141441971064}
            """
        ])
        let read = try ConfigurationReader.read(NamesOnly(model: "tipsv2-l14"), folder: folder.url)
        let config = try #require(read.transformer)
        #expect(config.heads == 16 && config.depth == 24 && config.mlpWidth == 4096)
        #expect(config.imageSize == [448, 448])
        #expect(read.preprocessing.resize == .exact(height: 448, width: 448))
    }

    @Test func timm() throws {
        let read = try VisionFixture.open("timm-vit").configuration
        #expect(read.kind == .timmViT && read.transformer?.heads == 4)
        #expect(read.labels == (0..<5).map { "finding \($0)" })
        #expect(read.preprocessing.resize == .shortestSide(17) && read.preprocessing.crop == [16, 16])
        #expect(read.preprocessing.interpolation == .bicubic && !read.preprocessing.cropRoundsDown)
        let clip = try #require(try VisionFixture.open("timm-vit-clip").configuration.transformer)
        #expect(clip.activation == .quickGELU && clip.normEpsilon == 1e-5 && clip.preNorm && !clip.patchBias)
        let average = try #require(try VisionFixture.open("timm-vit-average").configuration.transformer)
        #expect(average.pooling == .average && average.finalNorm == .pooled && average.positionTable == .allTokens)
        let gap = try #require(try VisionFixture.open("timm-vit-gap").configuration.transformer)
        #expect(!gap.classToken && gap.registers == 2 && gap.positionTable == .patches)
        let registers = try #require(try VisionFixture.open("timm-vit-registers").configuration.transformer)
        #expect(registers.layerScale && registers.registers == 2 && registers.preNorm)
        let swiglu = try #require(try VisionFixture.open("timm-vit-swiglu").configuration.transformer)
        #expect(swiglu.activation == .swiGLU && swiglu.mlpWidth == 64)
    }

    @Test func torchvision() throws {
        let read = try VisionFixture.open("torchvision-vit-prelogits", "vit.pth").configuration
        let config = try #require(read.transformer)
        #expect(config.representationWidth == 24 && config.heads == 1 && config.classCount == 5)
        #expect(config.positionResize == .refuse && read.assumptions.contains { $0.contains("heads (1)") })
        let full = try ConfigurationReader.read(NamesOnly(model: "torchvision-vit-b16"), folder: nil)
        #expect(full.preprocessing.resize == .shortestSide(256) && full.preprocessing.crop == [224, 224])
        #expect(full.preprocessing.mean == [0.485, 0.456, 0.406])
    }

    @Test func openCLIP() throws {
        let read = try VisionFixture.open("openclip").configuration
        #expect(read.kind == .openCLIP && read.transformer?.activation == .gelu && read.transformer?.heads == 4)
        #expect(read.preprocessing.resize == .shortestSide(16) && read.preprocessing.interpolation == .bicubic)
        #expect(try VisionFixture.open("openclip-quickgelu").configuration.transformer?.activation == .quickGELU)
    }

    @Test func residualNetworks() throws {
        let basic = try VisionFixture.open("hf-resnet-basic").configuration
        #expect(basic.residual?.stageWidths == [4, 8, 16, 32] && basic.residual?.bottleneck == false)
        #expect(basic.preprocessing.resize == .shortestSide(256) && basic.preprocessing.crop == [224, 224])
        #expect(basic.preprocessing.interpolation == .bicubic && basic.preprocessing.cropRoundsDown)
        let timm = try VisionFixture.open("timm-resnet50").configuration
        #expect(timm.residual?.stemWidth == 64 && timm.residual?.stageWidths == [4, 8, 12, 16])
        #expect(timm.residual?.blocks == [1, 1, 1, 2] && timm.residual?.bottleneck == true)
        #expect(timm.preprocessing.resize == .shortestSide(235) && timm.preprocessing.interpolation == .bicubic)
        let plain = try VisionFixture.open("torchvision-resnet34", "resnet.pth").configuration
        #expect(plain.residual?.blocks == [3, 4, 6, 3] && plain.preprocessing.resize == .shortestSide(256))
    }

    @Test func architecturesSurviveJSON() throws {
        for name in ["hf-vit", "timm-vit-swiglu", "openclip", "hf-resnet-bottleneck"] {
            let architecture = try VisionFixture.open(name).configuration.architecture
            let data = try JSONEncoder().encode(architecture)
            #expect(try JSONDecoder().decode(ModelConfiguration.self, from: data) == architecture)
        }
        let unknown = Data(#"{"family": "unet", "config": {}}"#.utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(ModelConfiguration.self, from: unknown) }
    }

    @Test func everyTimmEntryPointFollowsTheRulesOrIsRefused() throws {
        enum Fact: Decodable {
            case plain(width: Int, heads: Int, epsilon: Double, activation: String, pooling: String)
            case other

            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                guard try list.decode(Bool.self) else {
                    self = .other
                    return
                }
                self = .plain(
                    width: try list.decode(Int.self), heads: try list.decode(Int.self),
                    epsilon: try list.decode(Double.self), activation: try list.decode(String.self),
                    pooling: try list.decode(String.self))
            }
        }
        let url = VisionFixture.root.appendingPathComponent("names/timm-architectures.json")
        let facts = try JSONDecoder().decode([String: Fact].self, from: Data(contentsOf: url))
        #expect(facts.count > 170)
        for (name, fact) in facts {
            guard case .plain(let width, let heads, let epsilon, let activation, let pooling) = fact else {
                #expect(!TimmArchitecture.isPlainTransformer(name), "\(name)")
                continue
            }
            #expect(TimmArchitecture.isPlainTransformer(name), "\(name)")
            #expect(TimmArchitecture.heads(name, width: width) == heads, "\(name)")
            #expect(TimmArchitecture.epsilon(name) == epsilon, "\(name)")
            if activation != "swiglu" {
                #expect(TimmArchitecture.activation(name).rawValue == activation, "\(name)")
            }
            if let told = TimmArchitecture.pooling(name) {
                #expect(told == (pooling == "avg" ? .average : .classToken), "\(name)")
            }
        }
    }
}
