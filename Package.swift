// swift-tools-version: 6.1
import PackageDescription

/// Everything of ours runs on one thread per process (no Task, no Dispatch). So exclusivity can be proved by
/// reading, and references need no atomic counts: both checks would cost on every access of a loop-bound object.
let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .unsafeFlags(
        ["-enforce-exclusivity=unchecked", "-Xfrontend", "-assume-single-threaded"],
        .when(configuration: .release)),
]

/// The same for the references that the optimizer counts after that flag has had its say, such as those it takes from
/// `unowned(unsafe)` properties, and for the standard library's own where it is linked statically: see `CReferences`.
/// The toolchain's own linker says nothing about functions of Foundation that nobody calls.
let linker: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld", "-Xlinker", "--wrap=swift_retain", "-Xlinker", "--wrap=swift_release"],
        .when(configuration: .release))
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yaml = Target.Dependency.product(name: "Yams", package: "Yams")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: swift)
}

let package = Package(
    name: "apus",
    products: [
        .executable(name: "apus", targets: ["apus"]),
        .executable(name: "loadtest", targets: ["loadtest"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "COnnxRuntime", linkerSettings: [.linkedLibrary("dl")]),
        .target(
            name: "CSimdJSON",
            cxxSettings: [.unsafeFlags(["-std=c++17"])],
            linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
        .target(name: "CProcess"),
        .target(name: "CReferences"),

        library("ApusLoop", ["CLibuv"]),
        library("ApusLog", [log]),
        library("ApusConfiguration", ["ApusLog", "ApusModel", "ApusWire", log, yaml]),
        library("ApusAdmin"),
        library("ApusWire"),
        library("ApusModel", ["COnnxRuntime", "ApusWire"]),
        library("ApusProtocols", ["CSimdJSON", "CZlib", "ApusWire", "ApusModel"]),
        library("ApusControl", ["ApusLoop", "ApusWire"]),
        .target(
            name: "ApusProxy",
            dependencies: ["ApusLog", "ApusLoop", "ApusControl", "ApusWire", log],
            resources: [.embedInCode("Resources/docs.html"), .embedInCode("Resources/components.json")],
            swiftSettings: swift),
        library("ApusWorker", ["CProcess", "ApusLog", "ApusWire", "ApusModel", "ApusProtocols", log]),
        library("ApusSupervisor", ["CProcess", "ApusLog", "ApusLoop", "ApusControl", "ApusWire", log]),
        .executableTarget(
            name: "apus",
            dependencies: [
                "ApusProxy", "ApusWorker", "ApusSupervisor", "ApusModel", "ApusProtocols",
                "ApusLog", "ApusConfiguration", "ApusAdmin", "CReferences", log, arguments,
            ],
            swiftSettings: swift, linkerSettings: linker),
        .target(
            name: "LoadtestCore",
            dependencies: ["ApusLoop", "CZlib", histogram, yaml],
            path: "loadtest/Sources/LoadtestCore",
            swiftSettings: swift),
        .executableTarget(
            name: "loadtest",
            dependencies: ["LoadtestCore", arguments],
            path: "loadtest/Sources/loadtest",
            swiftSettings: swift),
        .executableTarget(
            name: "loadtest-target",
            dependencies: ["ApusLoop"],
            path: "Tests/LoadtestTarget",
            swiftSettings: swift),

        .target(
            name: "LoopTesting", dependencies: ["ApusLoop"], path: "Tests/LoopTesting",
            swiftSettings: swift),
        tests("ApusLoopTests", ["ApusLoop", "LoopTesting"]),
        tests("ApusWireTests", ["ApusWire"]),
        .executableTarget(
            name: "http-verdict",
            dependencies: ["ApusWire"],
            path: "Tests/HTTPDifferential",
            swiftSettings: swift),
        tests("ApusModelTests", ["ApusModel", "ApusWire"]),
        tests("ApusProtocolsTests", ["ApusProtocols", "ApusModel", "ApusWire"]),
        tests(
            "ApusWorkerTests",
            ["ApusWorker", "ApusLog", "ApusLoop", "ApusProtocols", "ApusModel", "ApusWire", log]),
        tests("ApusProxyTests", ["ApusProxy", "ApusControl", "ApusLoop", "ApusWire", "LoopTesting", log]),
        tests("ApusSupervisorTests", ["ApusSupervisor", "ApusLoop", "ApusWire", "LoopTesting", log]),
        tests("ApusLogTests", ["ApusLog", log]),
        tests("ApusAdminTests", ["ApusAdmin"]),
        tests("ConfigurationTests", ["ApusConfiguration", "ApusLog", "ApusModel", "ApusWire", log]),
        tests("ServeTests", []),
        tests("LoadtestTests", ["LoadtestCore", "loadtest", "loadtest-target", histogram]),
    ],
    cxxLanguageStandard: .cxx17
)
