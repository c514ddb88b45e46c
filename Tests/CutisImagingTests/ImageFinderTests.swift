import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite struct ImageFinderTests {
    @Test func findsByContentSortedAndOnce() throws {
        try TemporaryFolder.with { folder in
            let manager = FileManager.default
            let inner = folder.appendingPathComponent("b/c")
            try manager.createDirectory(at: inner, withIntermediateDirectories: true)
            let hidden = folder.appendingPathComponent(".hidden")
            try manager.createDirectory(at: hidden, withIntermediateDirectories: true)
            let image = try Data(contentsOf: Fixtures.url("files/rgb.jpg"))
            for (place, data) in [
                ("z.dat", image), ("a.jpg", image), ("b/m.bin", image), ("b/c/k", image), (".x.jpg", image),
                (".hidden/y.jpg", image), ("text.jpg", Data("no image".utf8)), ("empty.png", Data()),
            ] {
                try data.write(to: folder.appendingPathComponent(place))
            }
            // A loop, a second way to the same folder, and a dangling link.
            try manager.createSymbolicLink(at: inner.appendingPathComponent("up"), withDestinationURL: folder)
            try manager.createSymbolicLink(at: folder.appendingPathComponent("also-b"), withDestinationURL: inner)
            try manager.createSymbolicLink(
                at: folder.appendingPathComponent("gone"), withDestinationURL: folder.appendingPathComponent("missing"))
            let found = try ImageFinder.images(in: folder)
            let names = found.map(\.lastPathComponent)
            #expect(names.sorted() == ["a.jpg", "k", "m.bin", "z.dat"])
            #expect(found.map(\.path) == found.map(\.path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
    }

    @Test func emptyFoldersHaveTheirOwnError() throws {
        try TemporaryFolder.with { folder in
            try Data("text".utf8).write(to: folder.appendingPathComponent("a.jpg"))
            #expect {
                try ImageFinder.images(in: folder)
            } throws: {
                let error = $0 as? CutisError
                return error?.code == .folderWithoutImages && error?.message.contains(folder.path) == true
            }
        }
    }

    @Test func missingFoldersAndCounts() throws {
        #expect {
            try ImageFinder.images(in: URL(fileURLWithPath: "/nowhere/at/all"))
        } throws: {
            ($0 as? CutisError)?.code == .fileNotFound
        }
        #expect {
            try ImageFinder.images(in: Fixtures.url("files"), maximumCount: 3)
        } throws: {
            ($0 as? CutisError)?.code == .tooManyImages
        }
        let file = Fixtures.url("files/rgb.png")
        #expect(try ImageFinder.images(in: file) == [file])
    }

    @Test func everyFixtureIsSniffed() throws {
        let kinds: [String: ImageFormat] = [
            "jpg": .jpeg, "png": .png, "webp": .webp, "gif": .gif, "tif": .tiff, "bmp": .bmp, "heic": .heic,
        ]
        for file in try ImageFinder.images(in: Fixtures.url("files")) {
            #expect(try ImageFormat.sniff(Data(contentsOf: file)) == kinds[file.pathExtension], "\(file.path)")
        }
    }
}
