import Foundation
import Testing

/// What `deploy/` says fits the program and the scripts, as far as that shows without a cluster.
@Suite struct DeploymentTests {
    private static func text(_ path: String) throws -> String {
        try String(contentsOf: CommandLineTool.root.appendingPathComponent(path), encoding: .utf8)
    }

    @Test func theClustersConfigurationIsValid() throws {
        let deployment = try Self.text("deploy/kubernetes/service/deployment.yaml")
        let lines = deployment.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0 == "  cutis.yaml: |" })
        let configuration = lines[(start + 1)...].prefix { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }
        let example = try Self.text("deploy/kubernetes/service/secret.example.yaml")
        try CommandLineTool.withFolder { folder in
            let mount = "/run/secrets/cutis"
            let yaml = configuration.joined(separator: "\n").replacingOccurrences(of: mount, with: folder.path)
            let file = folder.appendingPathComponent("cutis.yaml")
            try Data(yaml.utf8).write(to: file)
            let key = Data(repeating: 7, count: 32).base64EncodedString()
            // Each file that the configuration names is a key of the example of the secret.
            let names = deployment.matches(of: /\/run\/secrets\/cutis\/([a-z0-9-]+)/).map { String($0.1) }
            #expect(names.count == 5)
            for name in names {
                #expect(example.contains("\n  \(name): "), "\(name)")
                let url = try #require(example.firstMatch(of: /database-url: "(.*)"/)).1
                let content = name == "database-url" ? String(url) : key
                try Data(content.utf8).write(to: folder.appendingPathComponent(name))
            }
            let outcome = try CommandLineTool.run(["serve", "--check", "--config", file.path])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    /// The image has what a build needs, is built as everywhere, and finds what it was given.
    @Test func theImageIsBuiltAsEverywhere() throws {
        let dockerfile = try Self.text("deploy/docker/Dockerfile")
        let setup = try Self.text("Scripts/setup.sh")
        let packages = try #require(setup.firstMatch(of: /\npackages=\(([^)]*)\)/)).1.split(separator: " ")
        #expect(packages.count > 5)
        let stages = dockerfile.components(separatedBy: "\nFROM ")
        try #require(stages.count == 3)
        let build = stages[1]
        let words = Set(build.split { $0 == " " || $0 == "\n" })
        for package in packages { #expect(words.contains(package), "\(package)") }
        #expect(build.contains("Scripts/libtorch.sh") && build.contains("Scripts/build.sh --product cutis"))
        #expect(dockerfile.contains("ENV PATH=/opt/cutis/bin:$PATH"))
    }
}
