import CutisTensor
import Foundation

/// The cases of Fixtures/tensor_ops.json: inputs, and what PyTorch made of them.
struct OperationFixtures: Decodable {
    struct Values: Decodable {
        let shape: [Int]
        let dtype: String
        let values: [Double]

        func tensor() throws -> Tensor {
            let double = try Tensor(values, shape: shape)
            return switch dtype {
            case "int64": try double.to(.int64)
            case "bool": try double.to(.bool)
            default: try double.to(.float32)
            }
        }
    }

    struct Case: Decodable {
        let inputs: [Values]
        let outputs: [Values]
    }

    let cases: [String: Case]

    static func load() throws -> OperationFixtures {
        guard let url = Bundle.module.url(forResource: "tensor_ops", withExtension: "json", subdirectory: "Fixtures")
        else { throw CocoaError(.fileNoSuchFile) }
        return try JSONDecoder().decode(OperationFixtures.self, from: Data(contentsOf: url))
    }
}

/// The largest error relative to max(1, |expected|); infinity where shapes or types differ or anything is not finite.
func error(of actual: Tensor, against expected: OperationFixtures.Values) throws -> Double {
    guard actual.shape == expected.shape, "\(actual.dtype)" == expected.dtype, try actual.allFinite() else {
        return .infinity
    }
    return zip(try actual.doubles(), expected.values).reduce(0) { worst, pair in
        max(worst, abs(pair.0 - pair.1) / max(1, abs(pair.1)))
    }
}
