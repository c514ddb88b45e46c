// swift-tools-version: 6.1
import Foundation
import PackageDescription

// LibTorch is found through LIBTORCH or in .libtorch/ (Scripts/libtorch.sh). CUTIS_TORCH_FREE=1 leaves out
// everything on the compute side of the wall, so that the rest builds and is tested without LibTorch.
let torchFree = Context.environment["CUTIS_TORCH_FREE"] == "1"
let libtorch = Context.environment["LIBTORCH"] ?? "\(Context.packageDirectory)/.libtorch"

if !torchFree, !FileManager.default.fileExists(atPath: "\(libtorch)/include/ATen/ATen.h") {
    let message = "LibTorch is not at \(libtorch): run Scripts/setup.sh (or set LIBTORCH to an existing copy).\n"
    FileHandle.standardError.write(Data(message.utf8))
    exit(1)
}

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func swift(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func test(_ name: String, _ dependencies: [Target.Dependency], hasFixtures: Bool = false) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, resources: hasFixtures ? [.copy("Fixtures")] : nil,
        swiftSettings: swiftSettings)
}

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")

// Torch-free: shared and operating side.
var targets: [Target] = [
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    // vips.pc itself holds -pthread, which SwiftPM warns about at each build; its headers need GObject's flags only.
    .systemLibrary(name: "CVipsSystem", pkgConfig: "gobject-2.0", providers: [.apt(["libvips-dev"])]),
    .target(name: "CVips", dependencies: ["CVipsSystem"], linkerSettings: [.linkedLibrary("vips")]),
    // Hand-written CPU kernels; they need no LibTorch, and no flags: each function names its own instructions.
    .target(name: "CKernels"),
    swift("CutisCore"),
    swift("CutisStatistics"),
    swift("CutisFormats", ["CutisCore", "CZip"]),
    swift("CutisImaging", ["CutisCore", "CVips"]),
    swift("CutisPlots"),
    swift(
        "CutisDatasets",
        [
            "CutisCore", "CutisFormats", "CutisImaging", "CutisStatistics", "CutisPlots", crypto,
            .product(name: "Yams", package: "Yams"),
        ]),
    swift(
        "CutisHub",
        [
            "CutisCore", crypto, nioCore, nioPosix, nioHTTP1, httpClient,
            .product(name: "NIOFoundationCompat", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]),
    .systemLibrary(name: "CPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    swift("CutisStorage", ["CutisCore", crypto, httpClient, nioCore, nioHTTP1]),
    swift("CutisStorageSQLite", ["CutisCore", "CutisStorage", .product(name: "GRDB", package: "GRDB.swift")]),
    swift("CutisStoragePostgres", ["CutisCore", "CutisStorage", "CPQ"]),
    swift("CutisMonitoring", ["CutisCore"]),
    swift("CutisService", ["CutisCore", "CutisStorage", "CutisMonitoring", "CutisStatistics", crypto, logging]),
    .target(
        name: "CutisServer",
        dependencies: [
            "CutisCore", "CutisService", "CutisMonitoring", "CutisStorage", crypto, logging, lifecycle, httpClient,
            nioCore, nioHTTP1, nioHTTPTypes,
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "HummingbirdTLS", package: "hummingbird"),
            .product(name: "HummingbirdHTTP2", package: "hummingbird"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "Mustache", package: "swift-mustache"),
            .product(name: "JWTKit", package: "jwt-kit"),
        ],
        resources: [.copy("Resources")],
        swiftSettings: swiftSettings),
    // A disk that is soon full, for the tests of the storage and of the service.
    .target(name: "SmallDisk", path: "Tests/SmallDisk", swiftSettings: swiftSettings),
    test(
        "CutisStorageTests",
        ["CutisCore", "CutisStorage", "CutisStorageSQLite", "CutisStoragePostgres", "SmallDisk", crypto]),
    test("CutisMonitoringTests", ["CutisMonitoring"]),
    // A model that answers what its images say, for the tests of the service and of its API.
    .target(
        name: "ServiceFakes", dependencies: ["CutisCore", "CutisService", crypto], path: "Tests/ServiceFakes",
        swiftSettings: swiftSettings),
    test(
        "CutisServiceTests",
        ["CutisCore", "CutisService", "CutisStorage", "CutisStorageSQLite", "CutisMonitoring", "ServiceFakes", crypto]),
    test(
        "CutisServerTests",
        [
            "CutisCore", "CutisServer", "CutisService", "CutisStorage", "CutisStorageSQLite", "CutisMonitoring",
            "ServiceFakes", crypto, logging, nioHTTP1, nioHTTPTypes, nioCore, httpClient, lifecycle,
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "HummingbirdTLS", package: "hummingbird"),
            .product(name: "HummingbirdTesting", package: "hummingbird"),
            .product(name: "JWTKit", package: "jwt-kit"),
        ]),
    test("CKernelsTests", ["CKernels"]),
    test("CutisCoreTests", ["CutisCore"]),
    test("CutisStatisticsTests", ["CutisStatistics"], hasFixtures: true),
    test("CutisPlotsTests", ["CutisPlots"]),
    test("CutisFormatsTests", ["CutisCore", "CutisFormats"], hasFixtures: true),
    // Image files that are made by hand, for the tests of the decoder and of the service.
    .target(name: "TestImages", path: "Tests/TestImages", swiftSettings: swiftSettings),
    test("CutisImagingTests", ["CutisCore", "CutisImaging", "TestImages"], hasFixtures: true),
    test(
        "CutisDatasetsTests", ["CutisCore", "CutisFormats", "CutisImaging", "CutisStatistics", "CutisDatasets"],
        hasFixtures: true),
    test("CutisHubTests", ["CutisCore", "CutisHub", crypto, nioCore, nioPosix, nioHTTP1]),
]

// Compute side, and the command line, where both sides meet.
if !torchFree {
    let hasCUDA = FileManager.default.fileExists(atPath: "\(libtorch)/lib/libtorch_cuda.so")
    targets += [
        .target(
            name: "CTorch",
            // The one target with unsafe flags: LibTorch lies outside the package and has no pkg-config file.
            cxxSettings: [
                .unsafeFlags([
                    "-isystem", "\(libtorch)/include", "-isystem", "\(libtorch)/include/torch/csrc/api/include",
                ])
            ],
            linkerSettings: [
                .unsafeFlags(
                    ["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]
                        + ["-Xlinker", "--no-as-needed", "-ltorch_cpu", "-lc10"]
                        + (hasCUDA ? ["-ltorch_cuda", "-lc10_cuda"] : [])
                        + ["-Xlinker", "--as-needed"])
            ]),
        swift("CutisTensor", ["CTorch", "CKernels"]),
        swift("CutisModels", ["CutisCore", "CutisTensor", "CutisFormats"]),
        swift(
            "CutisInference", ["CutisCore", "CutisModels", "CutisTensor", "CutisFormats", "CutisImaging", crypto]),
        swift(
            "CutisTraining",
            [
                "CutisCore", "CutisInference", "CutisModels", "CutisTensor", "CutisFormats", "CutisImaging",
                "CutisStatistics", "CutisDatasets", "CutisPlots", .product(name: "Yams", package: "Yams"),
            ]),
        swift(
            "CutisOptimization",
            [
                "CutisCore", "CutisInference", "CutisModels", "CutisTensor", "CutisFormats", "CutisImaging",
                "CutisStatistics",
            ]),
        .executableTarget(
            name: "cutis",
            dependencies: [
                "CutisCore", "CutisFormats", "CutisImaging", "CutisModels", "CutisTensor", "CutisInference",
                "CutisTraining", "CutisOptimization", "CutisStatistics", "CutisHub", "CutisDatasets", "CutisPlots",
                "CutisServer", "CutisService", "CutisStorage", "CutisStorageSQLite", "CutisStoragePostgres",
                "CutisMonitoring", crypto, logging, lifecycle, configuration,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings,
            // Takes the place of the C library's allocator, whose aligned blocks cost oneDNN a third of each call.
            linkerSettings: [.linkedLibrary("jemalloc")]),
        test("CTorchTests", ["CTorch"]),
        test("CutisTensorTests", ["CutisTensor"], hasFixtures: true),
        test(
            "CutisModelsTests", ["CutisCore", "CutisTensor", "CutisFormats", "CutisModels"], hasFixtures: true),
        test("CutisInferenceTests", ["CutisCore", "CutisImaging", "CutisModels", "CutisFormats", "CutisInference"]),
        test(
            "CutisTrainingTests",
            [
                "CutisCore", "CutisTensor", "CutisModels", "CutisFormats", "CutisImaging", "CutisInference",
                "CutisStatistics", "CutisDatasets", "CutisPlots", "CutisTraining",
            ],
            hasFixtures: true),
        test(
            "CutisOptimizationTests",
            [
                "CutisCore", "CutisTensor", "CutisFormats", "CutisImaging", "CutisModels", "CutisInference",
                "CutisOptimization", "CutisStatistics",
            ]),
        test(
            "CommandTests",
            ["cutis", "CutisCore", "CutisImaging", "CutisStorage", "CutisStorageSQLite", "SmallDisk", "TestImages"],
            hasFixtures: true),
    ]
}

let package = Package(
    name: "Cutis",
    products: torchFree
        ? []
        : [
            .executable(name: "cutis", targets: ["cutis"]),
            // For Benchmarks/, which is a package of its own.
            .library(name: "CutisTensor", targets: ["CutisTensor"]),
        ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
    ],
    targets: targets,
    cxxLanguageStandard: .cxx20
)
