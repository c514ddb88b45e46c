import ArgumentParser
import CutisCore
import CutisImaging
import CutisInference
import Foundation

/// `cutis demo`
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Analyse one image with the default model; writes an attention overlay and a one-page report.",
        discussion: """
            EXAMPLES
              cutis demo
              cutis demo photo.jpg --output my-report/

            Without an image a real one from the shared data set is used where that is present, otherwise a synthetic
            picture, which is clearly called so.
            """)

    @Argument(help: ArgumentHelp("A dermoscopic image of your own.", valueName: "image"))
    var image: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder for overlay and report.", valueName: "folder"))
    var output: String = "demo-output"

    @OptionGroup var model: ModelOption
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let bundle = try model.bundle()
        let recipe = bundle.manifest.preprocessing
        let folder = URL(fileURLWithPath: output)
        let overlays = try OverlayFolder(output)
        let (url, origin) = try subject(in: folder)
        let prepared = try PreparedImage(url, recipe: recipe, keepsOriginal: true)
        let classifier = try await Classifier(bundle, options: common.loadOptions)
        guard let picture = prepared.original, let answer = try await classifier.classify([prepared]).first,
            let primary = answer.classes.first
        else {
            throw CutisError(.computeFailed, "The model gave no answer.", remedy: "Run `cutis verify` on the bundle.")
        }
        let index = bundle.manifest.labels.index(of: primary.label.id) ?? 0
        let map = try await classifier.explain(prepared, classIndex: index)
        let overlay = try overlays.write(map, over: prepared)
        let report = folder.appendingPathComponent("report.html")
        let page = try DemoReport(
            answer: answer, manifest: bundle.manifest, origin: origin, method: map.grid.method,
            picture: PNGEncoder.encode(picture), overlay: PNGEncoder.encode(map.overlay())
        ).html
        try AtomicOutput.file(report, Data(page.utf8))
        let writer = ClassificationWriter(format: .table, top: nil, labels: bundle.manifest.labels, isSingle: true)
        try writer.write(answer)
        try StandardOutput.write(
            """
              Image              \(url.path)\(origin.map { " (\($0))" } ?? "")
              Attention overlay  \(overlay.path)
              Report             \(report.path)
              Decision support for research, never a stand-alone diagnosis.

            """)
    }

    /// The image and what to say about where it comes from.
    private func subject(in folder: URL) throws -> (URL, String?) {
        if let image {
            guard FileManager.default.fileExists(atPath: image) else {
                throw CutisError(.fileNotFound, "There is no file at \(image).", remedy: "Check the path.")
            }
            return (URL(fileURLWithPath: image), nil)
        }
        if let real = InstalledFiles.sharedData("ham10000/images/\(Self.realImage)") {
            return (real, "HAM10000, CC BY-NC 4.0, a held-out melanoma")
        }
        let url = folder.appendingPathComponent("synthetic-lesion.png")
        try AtomicOutput.file(url, PNGEncoder.encode(SyntheticLesion.render()))
        return (url, "a synthetic picture, not a patient: its classes mean nothing")
    }

    /// An image of the test split, so that the default model never saw its lesion.
    private static let realImage = "ISIC_0034094.jpg"
}
