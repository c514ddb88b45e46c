import CutisCore
import Foundation
import Testing

@Suite struct AtomicOutputTests {
    private struct Interruption: Error {}

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test func replacesAFileOnlyWhenTheNewOneIsWhole() throws {
        try withFolder { folder in
            let url = folder.appendingPathComponent("a.txt")
            try AtomicOutput.file(url, Data("old".utf8))
            #expect(throws: Interruption.self) {
                try AtomicOutput.file(url) { handle in
                    try handle.write(contentsOf: Data("half".utf8))
                    throw Interruption()
                }
            }
            #expect(try String(contentsOf: url, encoding: .utf8) == "old")
            try AtomicOutput.file(url, Data("new".utf8))
            #expect(try String(contentsOf: url, encoding: .utf8) == "new")
            #expect(try names(in: folder) == ["a.txt"])
        }
    }

    @Test func leavesNoFolderBehindWhenFillingItFails() throws {
        try withFolder { folder in
            let url = folder.appendingPathComponent("bundle")
            #expect(throws: Interruption.self) {
                try AtomicOutput.folder(url) { inner in
                    try Data("x".utf8).write(to: inner.appendingPathComponent("weights"))
                    throw Interruption()
                }
            }
            #expect(try names(in: folder) == [])
            try AtomicOutput.folder(url) { try Data("x".utf8).write(to: $0.appendingPathComponent("weights")) }
            #expect(try names(in: url) == ["weights"])
        }
    }

    @Test func refusesAFolderThatIsAlreadyThere() throws {
        try withFolder { folder in
            try Data("x".utf8).write(to: folder.appendingPathComponent("mine"))
            #expect(throws: CutisError.self) { try AtomicOutput.folder(folder) { _ in } }
            #expect(try names(in: folder) == ["mine"])
        }
    }

    @Test func namesTheFolderThatIsMissing() throws {
        try withFolder { folder in
            let url = folder.appendingPathComponent("no/such/file.txt")
            let error = #expect(throws: CutisError.self) { try AtomicOutput.file(url, Data()) }
            #expect(error?.code == .outputUnwritable)
            #expect(error?.message.contains(url.path) == true)
        }
    }

    @Test func aFullDiskHasItsOwnCode() throws {
        let full = URL(fileURLWithPath: "/dev/full")
        #expect(AtomicOutput.failure(ENOSPC, writing: full).code == .noSpaceLeft)
        #expect(AtomicOutput.failure(EACCES, writing: full).code == .outputUnwritable)
    }

    @Test func anInterruptRemovesWhatIsHalfWritten() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("half").path
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            TemporaryPaths.insert(path)
            TemporaryPaths.removeNow(path)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }
}
