import CutisCore
import CutisDatasets
import Foundation
import Testing

@Suite("Reading tables")
struct TableReaderTests {
    @Test("a plain table gives labels, splits and facts")
    func plainTable() throws {
        let folder = try TemporaryFolder()
        try folder.write("images/a.png", Data([1]))
        let url = try folder.write(
            "labels.csv",
            """
            image,label,split,patient_id,lesion_id,age,sex,site,fitzpatrick,camera
            a.png,mel,train,P1,L1,45.0,Female,"back, left",III,x
            b,nv,val,P2,L2,,unknown,,-1,
            c.jpg,nv,testing,,,80,male,arm,4.0,y

            """)
        #expect(try DatasetReader.kind(of: folder.url) == .table)
        let data = try DatasetReader.read(folder.url)
        #expect(data.labels.labels.map(\.id) == ["mel", "nv"])
        #expect(data.classCounts == [1, 2])
        #expect(data.samples.map(\.split) == [.train, .validation, .test])
        let first = data.samples[0]
        #expect(
            first.facts
                == SampleFacts(
                    patientID: "P1", lesionID: "L1", age: 45, sex: "female", site: "back, left", fitzpatrick: 3,
                    other: ["camera": "x"]))
        #expect(first.images == [.file(folder.url.appendingPathComponent("images/a.png").standardizedFileURL)])
        #expect(data.samples[1].facts == SampleFacts(patientID: "P2", lesionID: "L2"))
        #expect(data.samples[2].facts.fitzpatrick == 4)
        #expect(try DatasetReader.read(url).samples == data.samples)
    }

    @Test("the label column can be named, and a fixed label set gives the order")
    func labelColumn() throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("t.csv", "image,label,binary_label,split\na.jpg,x,1,train\nb.jpg,y,0,val\n")
        let binary = try DatasetReader.read(url, options: DatasetReadOptions(labelColumn: "binary_label"))
        #expect(binary.labels.labels.map(\.id) == ["0", "1"])
        #expect(binary.samples.map(\.labels) == [[1], [0]])
        let fixed = LabelSet([DiagnosisLabel(id: "y", label: "Y"), DiagnosisLabel(id: "x", label: "X")])
        #expect(try DatasetReader.read(url, options: DatasetReadOptions(labels: fixed)).samples[0].labels == [1])
    }

    @Test(
        "a broken row is refused with its line",
        arguments: [
            ("a.jpg,mel,sideways,1,", "line 2", "split 'sideways'"), ("../a.jpg,mel,train,1,", "line 2", "outside"),
            ("/etc/passwd,mel,train,1,", "line 2", "outside"), ("x/../../a.jpg,mel,train,1,", "line 2", "outside"),
            ("a.jpg,mel,train,old,", "line 2", "age 'old'"), ("a.jpg,mel,train,1,9", "line 2", "Fitzpatrick type '9'"),
            (",mel,train,1,", "line 2", "no name"), ("a.jpg,mel,train,1,\na.jpg,nv,train,1,", "line 3", "second time"),
            ("a.jpg,\"[\"\"mel\"\"\",train,1,", "line 2", "no ']'"), ("a.jpg,what,train,1,", "line 2", "'what' is not"),
            ("a.jpg,mel,train,1", "line 2", "4 fields"),
        ])
    func brokenRows(_ rows: String, _ line: String, _ reason: String) throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("t.csv", "image,label,split,age,fitzpatrick\n\(rows)\n")
        let error = #expect(throws: CutisError.self) {
            try DatasetReader.read(url, options: DatasetReadOptions(labels: .ham10000))
        }
        #expect(error?.code == .dataInvalid)
        #expect(error?.message.contains(line) == true && error?.message.contains(reason) == true, "\(error as Any)")
    }

    @Test("a repeated image is kept under another name where that is asked for")
    func repeats() throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("t.csv", "image,label\na.jpg,x\na.jpg,y\na.jpg#2,y\n")
        let data = try DatasetReader.read(url, options: DatasetReadOptions(keepsRepeats: true))
        #expect(Set(data.samples.map(\.id)).count == 3)
        #expect(data.samples[1].id == "a.jpg#2")
    }

    @Test("limits hold")
    func limits() throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("t.csv", "image,label\na.jpg,x\nb.jpg,y\nc.jpg,z\n")
        for limits in [DatasetLimits(maximumSamples: 2), DatasetLimits(maximumLabels: 2)] {
            let error = #expect(throws: CutisError.self) {
                try DatasetReader.read(url, options: DatasetReadOptions(limits: limits))
            }
            #expect(error?.message.contains("line 4") == true)
        }
    }

    @Test("HAM10000's metadata is recognised and has the seven classes in their order")
    func ham10000() throws {
        let folder = try TemporaryFolder()
        try folder.write("HAM10000_images_part_1/ISIC_2.jpg", Data([1]))
        let url = try folder.write(
            "HAM10000_metadata.csv",
            "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\nL1,ISIC_2,vasc,histo,80.0,male,scalp,rosendahl\n"
        )
        #expect(try DatasetReader.kind(of: url) == .ham10000)
        let sample = try DatasetReader.read(url).samples[0]
        #expect(sample.labels == [6] && sample.facts.lesionID == "L1" && sample.facts.site == "scalp")
        #expect(sample.facts.other == ["dx_type": "histo", "dataset": "rosendahl"])
        guard case .file(let image) = sample.images[0] else { throw CancellationError() }
        #expect(image.path.hasSuffix("HAM10000_images_part_1/ISIC_2.jpg"))
    }

    @Test("the ground truth of ISIC 2019 takes its metadata along and drops an empty UNK")
    func isic2019() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "ISIC_2019_Training_Metadata.csv",
            "image,age_approx,anatom_site_general,lesion_id,sex\nISIC_0,55.0,anterior torso,MSK4_1,female\n")
        let url = try folder.write(
            "ISIC_2019_Training_GroundTruth.csv",
            "image,MEL,NV,BCC,UNK\nISIC_0,0.0,1.0,0.0,0.0\nISIC_1,1.0,0.0,0.0,0.0\n")
        #expect(try DatasetReader.kind(of: url) == .oneHot)
        let data = try DatasetReader.read(url)
        #expect(data.labels.labels.map(\.id) == ["MEL", "NV", "BCC"])
        #expect(data.samples.map(\.labels) == [[1], [0]])
        #expect(data.samples[0].facts.lesionID == "MSK4_1" && data.samples[0].facts.age == 55)
        let named = try DatasetReader.read(url, options: DatasetReadOptions(labels: .ham10000))
        #expect(named.samples.map(\.labels) == [[5], [4]])
    }

    @Test(
        "a row without a class, with two or with a probability is refused", arguments: ["0,0,0", "1,0,1", "0.5,0.5,0"])
    func notOneHot(_ row: String) throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("x_GroundTruth.csv", "image,MEL,NV,BCC\nISIC_0,1,0,0\nISIC_1,\(row)\n")
        let error = #expect(throws: CutisError.self) { try DatasetReader.read(url) }
        #expect(error?.message.contains("line 3") == true, "\(error as Any)")
    }

    @Test("a table whose form is unknown lists its columns")
    func unknownForm() throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("t.csv", "foo,bar\n1,2\n")
        let error = #expect(throws: CutisError.self) { try DatasetReader.read(url) }
        #expect(error?.message.contains("foo, bar") == true)
    }

    @Test("the full metadata of HAM10000 is read", .enabled(if: sharedData != nil, "no shared data"))
    func sharedMetadata() throws {
        let url = try #require(sharedData).appendingPathComponent("metadata/HAM10000_metadata.csv")
        let data = try DatasetReader.read(url)
        #expect(data.samples.count == 10_015)
        #expect(data.classCounts == [327, 514, 1099, 115, 1113, 6705, 142])
        #expect(Set(data.samples.compactMap(\.facts.lesionID)).count == 7470)
    }
}
