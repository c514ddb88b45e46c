import CutisCore
import CutisDatasets
import Foundation
import Testing

@Suite("Manifests, differences and DVC")
struct ManifestTests {
    private static func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (index, name) in ["a", "b", "c"].enumerated() {
            try folder.write("images/\(name).png", Data([UInt8(index)]))
        }
        try folder.write("labels.csv", "image,label,split,lesion_id\na.png,x,train,L1\nb.png,y,train,\nc.png,y,test,\n")
        return folder
    }

    private static func manifest(_ folder: TemporaryFolder, parent: String? = nil) throws -> DatasetManifest {
        try DatasetManifest(try DatasetReader.read(folder.url), relativeTo: folder.url, parent: parent)
    }

    @Test("a manifest names each file by its SHA-256 and is read as it was written")
    func roundTrip() throws {
        let folder = try Self.folder()
        let manifest = try Self.manifest(folder, parent: "abc")
        // sha256 of the byte 0x00.
        #expect(
            manifest.entries[0].images[0].sha256 == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        #expect(manifest.entries[0].images[0].path == "images/a.png" && manifest.entries[0].lesionID == "L1")
        let url = folder.url.appendingPathComponent("m.json")
        try manifest.write(to: url)
        #expect(try DatasetManifest(url) == manifest)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        #expect(object["splits"] as? [String: Int] == ["train": 2, "test": 1])
        #expect(object["classes"] as? [String: Int] == ["x": 1, "y": 2])
        #expect(object["hash"] as? String == manifest.hash && object["parent"] as? String == "abc")
    }

    @Test("the hash is of the content: neither the order of rows nor the parent changes it, a label does")
    func hash() throws {
        let folder = try Self.folder()
        let first = try Self.manifest(folder)
        try folder.write("labels.csv", "image,label,split,lesion_id\nc.png,y,test,\nb.png,y,train,\na.png,x,train,L1\n")
        #expect(try Self.manifest(folder, parent: "p").hash == first.hash)
        try folder.write("labels.csv", "image,label,split,lesion_id\nc.png,x,test,\nb.png,y,train,\na.png,x,train,L1\n")
        #expect(try Self.manifest(folder).hash != first.hash)
    }

    @Test("a manifest that was changed by hand, cut or is no manifest is refused")
    func refusals() throws {
        let folder = try Self.folder()
        let url = folder.url.appendingPathComponent("m.json")
        try Self.manifest(folder).write(to: url)
        let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        for broken in [
            text.replacingOccurrences(of: "\"split\":\"test\"", with: "\"split\":\"train\""), String(text.dropLast(5)),
            "{}", "[]", text.replacingOccurrences(of: "\"format\":1", with: "\"format\":2"),
        ] {
            try folder.write("m.json", broken)
            let error = #expect(throws: CutisError.self) { try DatasetManifest(url) }
            #expect(error?.code == .dataInvalid)
        }
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("images/b.png"))
        let error = #expect(throws: CutisError.self) { try Self.manifest(folder) }
        #expect(error?.code == .fileNotFound)
    }

    @Test("added, removed, changed, relabelled and moved samples are told apart")
    func diff() throws {
        let folder = try Self.folder()
        let old = try Self.manifest(folder)
        #expect(ManifestDiff(from: old, to: old).isEmpty)
        try folder.write("images/d.png", Data([9]))
        try folder.write("images/c.png", Data([8]))
        try folder.write("labels.csv", "image,label,split\nb.png,x,val\nc.png,y,test\nd.png,y,\n")
        let diff = ManifestDiff(from: old, to: try Self.manifest(folder))
        #expect(diff.added == ["d.png"] && diff.removed == ["a.png"] && diff.changed == ["c.png"])
        #expect(diff.relabelled == [ManifestDiff.Change(id: "b.png", old: "y", new: "x")])
        #expect(diff.moved == [ManifestDiff.Change(id: "b.png", old: "train", new: "validation")])
        #expect(diff.classes == nil && !diff.isEmpty)
    }

    private struct DVCCase: Decodable {
        var files: [String: String]
        var links: [String: String]
        var listing: String
        var folder: String
        var file: String
    }

    private static func tracked() throws -> (TemporaryFolder, DVCCase) {
        let expected = try JSONDecoder().decode(DVCCase.self, from: Data(contentsOf: fixture("dvc.json")))
        let folder = try TemporaryFolder()
        for (path, text) in expected.files { try folder.write("data/" + path, text) }
        for (path, target) in expected.links {
            try FileManager.default.createSymbolicLink(
                atPath: folder.url.appendingPathComponent("data/" + path).path, withDestinationPath: target)
        }
        try folder.write("12e5.bin", "single")
        return (folder, expected)
    }

    @Test("a folder and a file have the hashes that DVC gives them")
    func dvcHashes() throws {
        let (folder, expected) = try Self.tracked()
        for (name, text) in [("data", expected.folder), ("12e5.bin", expected.file)] {
            let own = folder.url.appendingPathComponent(name)
            let location = DVCFile.location(for: own)
            try Data(text.utf8).write(to: location)
            let reference = try DVCFile(location)
            #expect(reference.path == name)
            #expect(try DVCContent(own) == reference.content)
            // Written anew, the file is what DVC wrote.
            try FileManager.default.removeItem(at: location)
            try DVCFile(path: name, content: reference.content).write(to: location)
            let written = try DVCFile(location)
            #expect(written.path == name && written.content == reference.content)
            if name == "data" { #expect(String(decoding: try Data(contentsOf: location), as: UTF8.self) == text) }
        }
    }

    @Test("what else a .dvc file says is kept")
    func dvcUpdate() throws {
        let (folder, expected) = try Self.tracked()
        let location = try folder.write("data.dvc", "desc: all images\n" + expected.folder + "meta:\n  owner: clinic\n")
        try folder.write("data/new.txt", "n")
        let content = try DVCContent(folder.url.appendingPathComponent("data"))
        #expect(content != (try DVCFile(location).content))
        try DVCFile(path: "data", content: content).write(to: location)
        let text = String(decoding: try Data(contentsOf: location), as: UTF8.self)
        #expect(text.hasPrefix("desc: all images\nouts:\n- md5: \(content.md5)\n") && text.contains("owner: clinic"))
        #expect(try DVCFile(location).content == content)
    }

    @Test(
        ".dvc files of other kinds are refused",
        arguments: [
            "", "outs: 1", "outs:\n- md5: 12\n  size: 1\n  hash: md5\n  path: data\n", "{[", "- a",
            "outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  path: data\n",
            "outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  hash: md5\n  path: ../data\n",
            "outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: -1\n  hash: md5\n  path: data\n",
        ])
    func dvcRefusals(_ text: String) throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("data.dvc", text)
        let error = #expect(throws: CutisError.self) { try DVCFile(url) }
        #expect(error?.code == .dataInvalid)
    }

    @Test("an import and a .dvcignore are left to DVC")
    func dvcLimits() throws {
        let (folder, expected) = try Self.tracked()
        let location = try folder.write("data.dvc", "deps:\n- path: x\n" + expected.folder)
        let content = try DVCFile(location).content
        #expect(throws: CutisError.self) { try DVCFile(path: "data", content: content).write(to: location) }
        try folder.write("data/.dvcignore", "*.txt\n")
        #expect(throws: CutisError.self) { try DVCContent(folder.url.appendingPathComponent("data")) }
    }
}
