import CutisCore
import CutisTraining
import Testing

/// What launchers set, and what they must not.
@Suite struct DistributedEnvironmentTests {
    static let torch = [
        "RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "MASTER_ADDR": "trainer-0.trainer", "MASTER_PORT": "29500",
    ]

    @Test func torchrun() throws {
        let environment = try #require(try DistributedEnvironment.read(Self.torch))
        #expect(environment.launcher == .torch)
        #expect((environment.rank, environment.worldSize, environment.localRank) == (3, 8, 1))
        #expect(environment.address == "trainer-0.trainer")
        #expect(environment.port == 29_500)
        #expect(!environment.isMain)
    }

    @Test func pyTorchJobWithoutALocalRank() throws {
        var variables = Self.torch
        variables["LOCAL_RANK"] = nil
        #expect(try DistributedEnvironment.read(variables)?.localRank == 0)
    }

    @Test(arguments: [
        ("gpu[003-005,9],cpu1", "gpu003"), ("node7", "node7"), ("a-1,a-2", "a-1"), ("r[1-2]n[08,10]", "r1n08"),
        ("gpu[12]", "gpu12"), ("login-2.site.org,x", "login-2.site.org"),
    ])
    func slurm(list: String, first: String) throws {
        let variables = [
            "SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_NTASKS": "4", "SLURM_LOCALID": "0",
            "SLURM_NODELIST": list, "SLURM_JOB_ID": "123456",
        ]
        let environment = try #require(try DistributedEnvironment.read(variables))
        #expect(environment.launcher == .slurm)
        #expect(environment.address == first)
        #expect(environment.port == 23_456)
        #expect(environment.isMain)
    }

    @Test func slurmTakesAPersonsAddress() throws {
        let variables = [
            "SLURM_STEP_ID": "0", "SLURM_PROCID": "1", "SLURM_NTASKS": "2", "SLURM_NODELIST": "a[1-2]",
            "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "4000",
        ]
        let environment = try #require(try DistributedEnvironment.read(variables))
        #expect(environment.address == "10.0.0.1")
        #expect(environment.port == 4000)
    }

    @Test func oneProcess() throws {
        #expect(try DistributedEnvironment.read([:]) == nil)
        #expect(try DistributedEnvironment.read(["RANK": "0", "WORLD_SIZE": "1"]) == nil)
        // A batch script that calls the program without srun.
        let script = ["SLURM_PROCID": "0", "SLURM_NTASKS": "4", "SLURM_NODELIST": "a[1-4]"]
        #expect(try DistributedEnvironment.read(script) == nil)
    }

    @Test(arguments: [
        ("RANK", "8"), ("RANK", "-1"), ("RANK", "one"), ("RANK", ""), ("WORLD_SIZE", "0"), ("WORLD_SIZE", "4097"),
        ("WORLD_SIZE", "99999999999999999999"), ("LOCAL_RANK", "8"), ("MASTER_PORT", "0"), ("MASTER_PORT", "65536"),
        ("MASTER_ADDR", ""), ("MASTER_ADDR", "-oProxyCommand"), ("MASTER_ADDR", "a b"), ("MASTER_ADDR", "a\nb"),
        ("MASTER_ADDR", String(repeating: "a", count: 254)),
    ])
    func refusals(name: String, value: String) throws {
        var variables = Self.torch
        variables[name] = value
        let error = try #require(throws: CutisError.self) { try DistributedEnvironment.read(variables) }
        #expect(error.code == .configInvalid)
        #expect(error.message.contains(name))
        #expect(!error.message.contains("\n"))
    }

    @Test func aHostileNodeList() throws {
        let variables = [
            "SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_NTASKS": "2", "SLURM_NODELIST": "[[[,],]$(reboot)",
        ]
        #expect(throws: CutisError.self) { try DistributedEnvironment.read(variables) }
    }

    @Test(arguments: [(8, 2), (7, 2), (5, 3), (1, 4), (0, 2)])
    func rowsCoverABatchOnce(count: Int, worldSize: Int) {
        let parts = (0..<worldSize).map { GradientSynchroniser.rows(ofBatch: count, rank: $0, worldSize: worldSize) }
        #expect(parts.flatMap(\.self) == Array(0..<count))
        #expect((parts.map(\.count).max() ?? 0) - (parts.map(\.count).min() ?? 0) <= 1)
    }
}
