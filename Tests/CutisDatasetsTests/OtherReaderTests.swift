import CutisCore
import CutisDatasets
import CutisImaging
import Foundation
import Testing

@Suite("Reading folders, cases, pairs and archives")
struct OtherReaderTests {
    @Test("class folders, empty ones too, in the order of their bytes")
    func imageFolder() throws {
        let folder = try TemporaryFolder()
        try folder.write("b/deep/2.JPG", Data([1]))
        try folder.write("b/1.png", Data([1]))
        try folder.write("b/notes.txt", "no image")
        try folder.write("B/3.png", Data([1]))
        try folder.write(".hidden/4.png", Data([1]))
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("empty"), withIntermediateDirectories: true)
        let data = try DatasetReader.read(folder.url)
        #expect(data.labels.labels.map(\.id) == ["B", "b", "empty"])
        #expect(data.samples.map(\.id) == ["B/3.png", "b/1.png", "b/deep/2.JPG"])
        #expect(data.classCounts == [1, 2, 0])
    }

    @Test("train, val and test above the class folders are the splits")
    func splitFolders() throws {
        let folder = try TemporaryFolder()
        for path in ["train/x/1.png", "train/y/2.png", "val/x/3.png", "test/y/4.png"] {
            try folder.write(path, Data([1]))
        }
        let data = try DatasetReader.read(folder.url)
        #expect(data.samples.map(\.split) == [.test, .train, .train, .validation])
        #expect(data.classCounts == [2, 2])
    }

    @Test("an image in no class folder is refused, and a folder that links to itself ends")
    func strayImages() throws {
        let folder = try TemporaryFolder()
        try folder.write("x/1.png", Data([1]))
        try FileManager.default.createSymbolicLink(
            at: folder.url.appendingPathComponent("x/loop"), withDestinationURL: folder.url.appendingPathComponent("x"))
        #expect(try DatasetReader.read(folder.url).samples.count == 1)
        try folder.write("2.png", Data([1]))
        let error = #expect(throws: CutisError.self) {
            try DatasetReader.read(folder.url, options: DatasetReadOptions(kind: .imageFolder))
        }
        #expect(error?.message.contains("'2.png'") == true)
    }

    @Test("cases of SCIN: images, weighted labels from the table beside, skin types")
    func cases() throws {
        let folder = try TemporaryFolder()
        try folder.write("images/1.png", Data([1]))
        let cases = try folder.write(
            "scin_cases.csv",
            """
            case_id,source,age_group,sex_at_birth,fitzpatrick_skin_type,image_1_path,image_2_path,image_3_path
            -10,SCIN,AGE_18_TO_29,FEMALE,FST2,dataset/images/1.png,dataset/images/2.png,
            11,SCIN,AGE_UNKNOWN,MALE,,dataset/images/3.png,,
            12,SCIN,,,NONE_IDENTIFIED,dataset/images/4.png,,

            """)
        try folder.write(
            "scin_labels.csv",
            """
            case_id,dermatologist_fitzpatrick_skin_type_label_1,dermatologist_skin_condition_on_label_name,\
            weighted_skin_condition_label
            11,FST5,"['Eczema', 'Eczema']","{'Eczema': 1.0}"
            -10,FST3,"['Inflicted skin lesions', 'Drug Rash']","{'Inflicted skin lesions': 0.6, 'Drug Rash': 0.4}"

            """)
        #expect(try DatasetReader.kind(of: cases) == .cases)
        let data = try DatasetReader.read(folder.url)
        #expect(data.labels.labels.map(\.id) == ["Drug Rash", "Eczema", "Inflicted skin lesions"])
        #expect(data.samples.map(\.id) == ["-10", "11", "12"])
        #expect(data.samples.map(\.images.count) == [2, 1, 1])
        #expect(data.samples[0].labels == [2, 0] && data.samples[0].labelWeights == [0.6, 0.4])
        #expect(data.samples[1].labels == [1] && data.samples[1].facts.fitzpatrick == 5)
        #expect(data.samples[2].labels.isEmpty && data.samples[0].facts.fitzpatrick == 2)
        #expect(data.samples[0].facts.other["age_group"] == "AGE_18_TO_29")
    }

    @Test("a JSON list of labels with a list of weights beside it")
    func labelLists() throws {
        let folder = try TemporaryFolder()
        let url = try folder.write(
            "t.csv",
            """
            case_id,image_1_path,labels,weights
            1,a.png,"[""Eczema"", ""Psoriasis"", ""Eczema""]","[4, 3, 1]"
            2,b.png,[],

            """)
        let data = try DatasetReader.read(url)
        #expect(data.samples[0].labels == [0, 1])
        #expect(data.samples[0].labelWeights == [0.625, 0.375])
        #expect(data.samples[1].labels.isEmpty)
    }

    @Test(
        "broken lists are refused with their line",
        arguments: [
            "['a', 'b'", "['a' 'b']", "{'a': x}", "{'a'}", "['a'] trailing", "[nan]", "{'a': 1e999}",
            "['a\\x41']", "__import__('os')]", "{'a': -1}",
        ])
    func brokenLists(_ list: String) throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("t.csv", "case_id,image_1_path,labels\n1,a.png,\"\(list)\"\n")
        guard list.first == "[" || list.first == "{" else {
            // Plain text is a label and nothing else.
            #expect(try DatasetReader.read(url).labels.labels.map(\.id) == [list])
            return
        }
        let error = #expect(throws: CutisError.self) { try DatasetReader.read(url) }
        #expect(error?.message.contains("line 2") == true, "\(error as Any)")
    }

    @Test("four images in a case are refused")
    func fourImages() throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("t.csv", "case_id,image_1,image_2,image_3,image_4,label\n1,a,b,c,d,x\n")
        let error = #expect(throws: CutisError.self) { try DatasetReader.read(url) }
        #expect(error?.message.contains("4 image columns") == true)
    }

    @Test("pairs from JSON lines and from a table are the same")
    func pairs() throws {
        let folder = try TemporaryFolder()
        let lines = try folder.write(
            "p.jsonl",
            """
            {"image": "a.png", "caption": "A \\"red\\" patch,\\nitchy", "split": "train", "age": 30}

            {"image": "b.png", "caption": "Zwei Flecken äöü", "split": "val", "age": 31}

            """)
        let table = try folder.write(
            "p.csv",
            "image,caption,split,age\na.png,\"A \"\"red\"\" patch,\nitchy\",train,30\nb.png,Zwei Flecken äöü,val,31\n")
        #expect(try DatasetReader.kind(of: table) == .pairs)
        let first = try DatasetReader.read(lines)
        #expect(first.samples.map(\.text) == ["A \"red\" patch,\nitchy", "Zwei Flecken äöü"])
        #expect(first.samples == (try DatasetReader.read(table).samples))
        #expect(first.labels.count == 0 && first.samples[0].facts.age == 30)
    }

    @Test(
        "broken JSON lines are refused with their line", arguments: ["{", "[1]", "{\"image\":1}", "{\"image\":\"a\"}"])
    func brokenLines(_ line: String) throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("p.jsonl", "{\"image\":\"x\",\"text\":\"y\"}\n\(line)\n")
        let error = #expect(throws: CutisError.self) { try DatasetReader.read(url) }
        #expect(error?.message.contains("line 2") == true, "\(error as Any)")
    }

    @Test("an archive of MedMNIST, written by NumPy")
    func medMNIST() throws {
        let data = try DatasetReader.read(try fixture("tinymnist.npz"))
        #expect(data.samples.map(\.id) == ["train/0", "train/1", "train/2", "val/0", "test/0"])
        #expect(data.samples.map(\.labels) == [[0], [1], [2], [1], [0]])
        #expect(data.samples.map(\.split) == [.train, .train, .train, .validation, .test])
        let image = try ImageSource().pixels(data.samples[3].images[0])
        // The generator's pixel (row, column, channel) of image i of a part is (part·50 + i·10 + row·3 + column + channel).
        #expect(image.width == 4 && image.height == 5)
        #expect(Array(image.pixel(x: 2, y: 3) ?? []) == [61, 62, 63])
        let grey = try DatasetReader.read(try fixture("tinymnist_multi.npz"))
        #expect(grey.samples.map(\.labels) == [[0, 2], []])
        #expect(Array(try ImageSource().pixels(grey.samples[1].images[0]).pixel(x: 1, y: 0) ?? []) == [11, 11, 11])
    }

    @Test("an archive that is cut short is refused")
    func cutArchive() throws {
        let folder = try TemporaryFolder()
        let whole = try Data(contentsOf: try fixture("tinymnist.npz"))
        for length in stride(from: 1, to: whole.count, by: 97) {
            let url = try folder.write("x.npz", whole.prefix(length))
            #expect(throws: CutisError.self) { try DatasetReader.read(url) }
        }
    }

    @Test("hostile tables end in an answer or an error, never in a crash")
    func mutations() throws {
        let folder = try TemporaryFolder()
        let text = Array(
            "case_id,image_1_path,labels,weights,split,age\n1,a.png,\"['a', 'b']\",\"[1, 2]\",val,3\n".utf8)
        var state: UInt64 = 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var refused = 0
        for _ in 0..<400 {
            var bytes = text
            for _ in 0...next(3) { bytes[next(bytes.count)] = Array("\",'[]{}:.-9e\n\0\\\u{80}".utf8)[next(14)] }
            let url = try folder.write("t.csv", Data(bytes))
            do { _ = try DatasetReader.read(url) } catch { refused += 1 }
        }
        #expect((50..<400).contains(refused))
    }
}
