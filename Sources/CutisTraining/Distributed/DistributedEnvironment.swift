public import CutisCore
public import Foundation

/// What a launcher told this process about the run that it is one part of.
///
/// Read are the variables that `torchrun` and the Kubernetes PyTorchJob set (`RANK`, `WORLD_SIZE`, `MASTER_ADDR`,
/// `MASTER_PORT`, `LOCAL_RANK`), and those of Slurm's `srun`.
public struct DistributedEnvironment: Sendable, Hashable {
    /// Who started the processes.
    public enum Launcher: String, Sendable, Hashable {
        /// `torchrun`, the PyTorchJob, or a person who set the same variables.
        case torch
        /// Slurm's `srun`.
        case slurm
    }

    /// The most processes that a run may have.
    public static let largestWorld = 4096

    /// Who started the processes.
    public let launcher: Launcher
    /// This process, 0 ..< `worldSize`.
    public let rank: Int
    /// Number of processes, at least 2.
    public let worldSize: Int
    /// This process among those of its machine: the GPU that it takes.
    public let localRank: Int
    /// Name or number of the machine of rank 0.
    public let address: String
    /// The port on which rank 0 listens, 1 … 65535.
    public let port: Int

    /// Whether this process writes the run's files and speaks to people.
    public var isMain: Bool { rank == 0 }

    /// Reads the environment.
    ///
    /// - Returns: nil where the run has one process: no launcher's variables are there, or they count one.
    /// - Throws: `CutisError` with `.configInvalid` where a variable is missing, no number or out of bounds.
    public static func read(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CutisError) -> DistributedEnvironment? {
        let variables = Variables(environment)
        if variables["RANK"] != nil || variables["WORLD_SIZE"] != nil { return try torch(variables) }
        // A batch script has the counts of its job too; only what srun started is one of several processes.
        if variables["SLURM_PROCID"] != nil, variables["SLURM_STEP_ID"] != nil { return try slurm(variables) }
        return nil
    }

    private static func torch(_ variables: Variables) throws(CutisError) -> DistributedEnvironment? {
        let worldSize = try variables.number("WORLD_SIZE", in: 1...largestWorld)
        let rank = try variables.number("RANK", in: 0...(worldSize - 1))
        guard worldSize > 1 else { return nil }
        return DistributedEnvironment(
            launcher: .torch, rank: rank, worldSize: worldSize,
            // A PyTorchJob with one process for each pod does not set it.
            localRank: try variables.number("LOCAL_RANK", in: 0...(worldSize - 1), otherwise: 0),
            address: try variables.host("MASTER_ADDR", variables.text("MASTER_ADDR")),
            port: try variables.number("MASTER_PORT", in: 1...65_535))
    }

    private static func slurm(_ variables: Variables) throws(CutisError) -> DistributedEnvironment? {
        let count = variables["SLURM_STEP_NUM_TASKS"] != nil ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS"
        let worldSize = try variables.number(count, in: 1...largestWorld)
        let rank = try variables.number("SLURM_PROCID", in: 0...(worldSize - 1))
        guard worldSize > 1 else { return nil }
        let list = ["SLURM_STEP_NODELIST", "SLURM_NODELIST", "SLURM_JOB_NODELIST"].first { variables[$0] != nil }
        let address: String
        if variables["MASTER_ADDR"] != nil {
            address = try variables.host("MASTER_ADDR", variables.text("MASTER_ADDR"))
        } else {
            let name = list ?? "SLURM_NODELIST"
            address = try variables.host(name, firstHost(of: variables.text(name)))
        }
        // Jobs that share a machine get ports of their own; all ranks of one job compute the same.
        let job = try variables.number("SLURM_JOB_ID", in: 0...Int(Int32.max), otherwise: 0)
        return DistributedEnvironment(
            launcher: .slurm, rank: rank, worldSize: worldSize,
            localRank: try variables.number("SLURM_LOCALID", in: 0...(worldSize - 1), otherwise: 0),
            address: address,
            port: try variables.number("MASTER_PORT", in: 1...65_535, otherwise: 20_000 + job % 10_000))
    }

    /// The first name of a Slurm node list: `gpu003` of `gpu[003-005,9],cpu1`.
    static func firstHost(of list: String) -> String {
        var host = ""
        var isInBrackets = false
        var isTaken = false
        for character in list {
            switch character {
            case "[": (isInBrackets, isTaken) = (true, false)
            case "]": isInBrackets = false
            case "," where !isInBrackets: return host
            case ",", "-": if isInBrackets { isTaken = true } else { host.append(character) }
            default: if !isInBrackets || !isTaken { host.append(character) }
            }
        }
        return host
    }
}

/// Variables of the environment, checked as they are read.
private struct Variables {
    let values: [String: String]

    init(_ values: [String: String]) { self.values = values }

    /// A variable's text; an empty one counts as absent.
    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    func text(_ name: String) throws(CutisError) -> String {
        guard let text = self[name] else {
            throw CutisError(
                .configInvalid, "The run has several processes, but \(name) is not set.",
                remedy: "Start it with torchrun, srun or a PyTorchJob, or set RANK, WORLD_SIZE, MASTER_ADDR and "
                    + "MASTER_PORT; unset RANK and WORLD_SIZE for one process.")
        }
        return text
    }

    func number(_ name: String, in bounds: ClosedRange<Int>, otherwise: Int? = nil) throws(CutisError) -> Int {
        if let otherwise, self[name] == nil { return otherwise }
        let text = try text(name)
        guard let number = Int(text), bounds.contains(number) else {
            throw CutisError(
                .configInvalid,
                "\(name) is \(Self.quoted(text)); it must be a number from \(bounds.lowerBound) to "
                    + "\(bounds.upperBound).",
                remedy: "Correct the variable, or how the launcher was called.")
        }
        return number
    }

    /// A host's name or number, taken from the variable `name`.
    func host(_ name: String, _ text: String) throws(CutisError) -> String {
        let isSound =
            (1...253).contains(text.utf8.count) && text.first != "-"
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_:%".contains($0)) }
        guard isSound else {
            throw CutisError(
                .configInvalid, "\(name) gives \(Self.quoted(text)), which is no name or number of a machine.",
                remedy: "Give the name of the machine that runs rank 0.")
        }
        return text
    }

    private static func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(64).map { $0.properties.generalCategory == .control ? "?" : "\($0)" }
        return "\"\(shown.joined())\""
    }
}
