import CutisTensor
import Testing

/// Every operation against PyTorch 2.13.0 on the CPU (Tools/fixtures/tensor_ops.py).
///
/// Largest relative error measured: 7.9e-7 (convolutions); the bound allows for other processors' kernels.
@Suite struct OperationTests {
    static let bound = 1e-5

    @Test(arguments: operations.keys.sorted())
    func equalsPyTorch(_ name: String) throws {
        let fixtures = try OperationFixtures.load()
        let fixture = try #require(fixtures.cases[name])
        let operation = try #require(operations[name])
        let outputs = try operation(fixture.inputs.map { try $0.tensor() })
        try #require(outputs.count == fixture.outputs.count)
        for (index, (output, expected)) in zip(outputs, fixture.outputs).enumerated() {
            let measured = try error(of: output, against: expected)
            #expect(
                measured <= Self.bound,
                "output \(index): \(output), expected \(expected.dtype) \(expected.shape), error \(measured)")
        }
    }

    @Test func everyCaseHasItsOperation() throws {
        #expect(try Set(OperationFixtures.load().cases.keys) == Set(operations.keys))
    }
}
