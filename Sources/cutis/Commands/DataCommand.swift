import ArgumentParser

/// `cutis data`
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Check, split and version data sets before anything is trained on them.",
        discussion: """
            A data set is a folder of class folders, a table (CSV) with its images, HAM10000's or ISIC's tables, a table
            of cases, image-text pairs, or a MedMNIST archive: docs/datasets.md lists the forms and their columns.

            EXAMPLES
              cutis data check photos/
              cutis data split ham10000/ --output split.csv --seed 7
              cutis data manifest ham10000/ --output v1.json
              cutis data diff v1.json ham10000/
            """,
        subcommands: [
            DataCheckCommand.self, DataSplitCommand.self, DataManifestCommand.self, DataDiffCommand.self,
        ])
}
