import Foundation
import Testing

/// Wrong input: each has its own message that names the file, exit code 3, and leaves nothing behind.
@Suite struct BadInputTests {
    private func refusal(_ data: Data?, named name: String, contains text: String) throws {
        try CommandLineTool.withFolder { folder in
            let url = folder.appendingPathComponent(name)
            if let data { try data.write(to: url) }
            let outcome = try CommandLineTool.run(["classify", url.path], limit: 10)
            #expect(outcome.status == 3, "\(name): \(outcome.output)\(outcome.errors)")
            #expect(outcome.errors.contains(name), "\(name): \(outcome.errors)")
            #expect(outcome.errors.localizedCaseInsensitiveContains(text), "\(name): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }

    @Test func aMissingFile() throws { try refusal(nil, named: "gone.jpg", contains: "no file") }

    @Test func anEmptyFile() throws { try refusal(Data(), named: "empty.jpg", contains: "empty") }

    @Test func textNamedJPG() throws {
        try refusal(Data("hello, this is no picture".utf8), named: "text.jpg", contains: "not an image")
    }

    @Test func aTruncatedImage() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: ClassifyTests.image))
        try refusal(whole.prefix(whole.count / 3), named: "cut.png", contains: "truncated")
    }

    @Test func aHeaderOf40000Times40000() throws {
        // A PNG whose header promises 1.6 gigapixels: refused before a pixel is allocated.
        var data = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13])
        let header: [UInt8] = [0x49, 0x48, 0x44, 0x52, 0, 0, 0x9C, 0x40, 0, 0, 0x9C, 0x40, 8, 2, 0, 0, 0]
        data.append(contentsOf: header)
        let sum = crc32(header)
        withUnsafeBytes(of: sum.bigEndian) { data.append(contentsOf: $0) }
        data.append(contentsOf: [0, 0, 0, 0, 0x49, 0x44, 0x41, 0x54, 0x35, 0xAF, 0x06, 0x1E])
        try refusal(data, named: "bomb.png", contains: "40000")
    }

    @Test func aFolderWithoutImages() throws {
        try CommandLineTool.withFolder { folder in
            let outcome = try CommandLineTool.run(["classify", folder.path])
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("no image"))
        }
    }

    @Test func moreThanThreeImagesInACase() throws {
        let image = ClassifyTests.image
        let outcome = try CommandLineTool.run(["screen", image, image, image, image, "--model", "whatever"])
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("at most 3 images"))
    }

    @Test func aDiskThatFillsUpInTheMiddleOfABundleLeavesNothingBehind() throws {
        try CommandLineTool.withFolder { folder in
            let source = ImportTests.fixtures.appendingPathComponent("vision/hf-vit").path
            let outcome = try CommandLineTool.run(
                ["import", source, "--output", folder.appendingPathComponent("bundle").path], largestFile: 16)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("No space left"), "\(outcome.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    /// A file of 64 GB that takes no room on the disk, and a process that may map 4 GB.
    @Test func memoryThatDoesNotSufficeIsSaid() throws {
        try CommandLineTool.withFolder { folder in
            let file = folder.appendingPathComponent("large.safetensors")
            let count = 64 << 30
            var header = Data(#"{"w":{"dtype":"F32","shape":[\#(count / 4)],"data_offsets":[0,\#(count)]}}"#.utf8)
            header += Data(repeating: 0x20, count: (8 - header.count % 8) % 8)
            try (withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header).write(to: file)
            let handle = try FileHandle(forWritingTo: file)
            try handle.truncate(atOffset: UInt64(8 + header.count + count))
            try handle.close()
            let outcome = try CommandLineTool.run(["inspect", file.path], addressSpace: 4 << 20)
            #expect(outcome.status == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains("not enough memory to map"), "\(outcome.errors)")
            #expect(try CommandLineTool.run(["inspect", file.path]).status == 0)
        }
    }

    @Test func aFullDiskBehindARedirectIsSaid() throws {
        let outcome = try CommandLineTool.run(
            ["classify", ClassifyTests.image], outputPath: "/dev/full")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("No space left"))
    }

    @Test func anUnwritableOutput() throws {
        let outcome = try CommandLineTool.run(
            ["embed", ClassifyTests.image, "--output", "/no/such/folder/features.safetensors"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("/no/such/folder/features.safetensors"))
    }

    @Test func aModelThatIsNoBundle() throws {
        try CommandLineTool.withFolder { folder in
            let outcome = try CommandLineTool.run(["classify", ClassifyTests.image, "--model", folder.path])
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("bundle.json"))
        }
    }

    @Test func aBundleForAnotherTask() throws {
        let model = CommandLineTool.root.appendingPathComponent("Models/cutis-dermoscopy").path
        let outcome = try CommandLineTool.run(["screen", ClassifyTests.image, "--model", model])
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("for classification, not for screening"))
    }

    @Test(.enabled(if: CommandLineTool.sharedData != nil, "the shared data set folder is absent"))
    func theMalformedImageSetNeverCrashesAndAlwaysSaysWhy() throws {
        let folder = try #require(CommandLineTool.sharedData).appendingPathComponent("malformed-images")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasSuffix(".csv") }
        let outcome = try CommandLineTool.run(
            ["classify", "--format", "jsonl", "--quiet"]
                + names.sorted().map { folder.appendingPathComponent($0).path },
            limit: 120)
        #expect([0, 3].contains(outcome.status))
        #expect(outcome.output.split(separator: "\n").count == names.count)
    }

    private func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }
}
