import CutisCore
import CutisModels

/// The model card of an imported model: what is known, what was assumed, and what is not known.
enum ModelCardText {
    static func imported(_ manifest: BundleManifest, configuration: ImportedConfiguration) -> String {
        let assumptions = configuration.assumptions.map { "- \($0)" }.joined(separator: "\n")
        let labels = manifest.labels.labels.map(\.label).joined(separator: ", ")
        return """
            # \(manifest.id) \(manifest.version)

            Imported from `\(manifest.source ?? "unknown")` (\(configuration.kind.title)).

            - Task: \(manifest.task.rawValue)
            - Classes: \(labels.isEmpty ? "none, the model gives feature vectors" : labels)
            - Licence: \(manifest.licence)
            - Training data: \(manifest.trainingData)
            - Preprocessing: \(configuration.preprocessing.origin)

            ## Assumed at import, because no file says it
            \(assumptions.isEmpty ? "Nothing." : assumptions)

            ## Intended use
            \(manifest.intendedUse)

            ## Metrics
            Not measured by Cutis. Evaluate the model on your own images before you rely on it.

            """
    }
}
