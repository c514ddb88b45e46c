import CutisCore
import Foundation
import Testing

@Suite struct TemporaryPathsTests {
    @Test("a folder that another thread still writes into is removed all the same")
    func removesAFolderThatIsWrittenInto() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-\(UUID().uuidString)")
        for round in 0..<20 {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            TemporaryPaths.insert(folder.path)
            let done = DispatchGroup()
            DispatchQueue.global().async(group: done) {
                // As a bundle is written: file after file into a folder that is there; it ends where the folder is gone.
                for number in 0..<400 {
                    guard (try? Data([1]).write(to: folder.appendingPathComponent("\(number)"))) != nil else { return }
                }
            }
            usleep(UInt32(200 * round))
            TemporaryPaths.removeNow(folder.path)
            done.wait()
            #expect(!FileManager.default.fileExists(atPath: folder.path))
            #expect(!FileManager.default.fileExists(atPath: folder.path + ".removed"))
        }
    }
}
