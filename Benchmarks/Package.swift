// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "CutisBenchmarks",
    dependencies: [
        .package(name: "Cutis", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        .target(name: "CPeak", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(
            name: "kernel-bench",
            dependencies: [
                "CPeak",
                .product(name: "CutisTensor", package: "Cutis"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
            ]),
    ]
)
