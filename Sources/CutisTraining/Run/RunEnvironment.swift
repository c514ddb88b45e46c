import CutisCore
import CutisTensor
public import Foundation

/// What a run was computed on: enough to understand its figures, nothing that names a person or a machine.
public struct RunEnvironment: Sendable, Hashable, Codable {
    /// The version of Cutis.
    public var cutis: String
    /// The version of LibTorch.
    public var libTorch: String
    /// The kernel's name and version, such as `Linux 6.8.0`.
    public var system: String
    /// `x86_64` or `arm64`.
    public var architecture: String
    /// The name of the CPU.
    public var cpu: String
    /// Logical cores that the process may use.
    public var cores: Int
    /// Memory of the machine in bytes.
    public var memory: UInt64
    /// Threads of LibTorch's operations.
    public var threads: Int
    /// The device that was trained on, such as `cpu` or a GPU's name.
    public var device: String
    /// The fingerprint of the configuration.
    public var configuration: String
    /// When the run was started or resumed, in UTC.
    public var started: Date

    /// What this process runs on.
    ///
    /// - Parameters:
    ///   - version: of Cutis.
    ///   - device: what is trained on.
    ///   - fingerprint: of the configuration.
    public init(version: String, device: String, fingerprint: String, started: Date = Date()) {
        cutis = version
        libTorch = Runtime.version
        var name = utsname()
        uname(&name)
        // Host and domain names stay out.
        system = "\(Self.text(&name.sysname)) \(Self.text(&name.release))"
        architecture = Self.text(&name.machine)
        let cpuFacts = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = cpuFacts.split(separator: "\n").first { $0.hasPrefix("model name") }
        cpu = line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? architecture
        cores = ProcessInfo.processInfo.activeProcessorCount
        memory = ProcessInfo.processInfo.physicalMemory
        threads = Runtime.threads
        self.device = device
        configuration = fingerprint
        self.started = started
    }

    /// Writes it as JSON.
    ///
    /// - Throws: `.outputUnwritable`, `.noSpaceLeft`.
    public func write(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try AtomicOutput.file(url, encoder.encode(self) + Data("\n".utf8))
    }

    private static func text<Characters>(_ characters: inout Characters) -> String {
        withUnsafeBytes(of: &characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    enum CodingKeys: String, CodingKey {
        case cutis, system, architecture, cpu, cores, memory, threads, device, configuration, started
        case libTorch = "libtorch"
    }
}
