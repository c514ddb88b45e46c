package import CutisCore
import CutisModels
package import CutisTensor

/// Which precision this machine and a bundle have together.
package struct PrecisionChoice {
    /// What was chosen, for people.
    let precision: Precision
    /// How a packed network is made.
    let packing: InferencePrecision

    /// Resolves a wish.
    ///
    /// - Parameters:
    ///   - wish: nil takes int8 for a quantised bundle, otherwise fp32.
    ///   - plan: the bundle's plan of int8 layers, or nil.
    ///   - fallsBack: replaces what the CPU does not have instead of refusing it.
    /// - Throws: `.precisionUnavailable` that names the missing instruction set or the missing plan.
    init(
        _ wish: Precision?, plan: QuantisationPlan?, fallsBack: Bool,
        instructions: CPUKernels.Instructions = CPUKernels.available, hasInt8: Bool = CPUKernels.hasInt8DotProducts
    ) throws(CutisError) {
        let hasBF16 = instructions >= .avx512BF16
        switch wish ?? (plan == nil ? .fp32 : .int8) {
        case .fp32: (precision, packing) = (.fp32, .float32)
        case .fp16: (precision, packing) = (.fp16, .halfStored)
        case .bf16 where hasBF16: (precision, packing) = (.bf16, .bfloat16)
        case .bf16:
            guard fallsBack else { throw Self.missing("bf16", "AVX-512 BF16") }
            (precision, packing) = (.fp32, .float32)
        case .int8:
            guard let plan else {
                throw CutisError(
                    .precisionUnavailable, "The bundle is not quantised, so int8 cannot be computed.",
                    remedy: "Quantise it with `cutis optimize --precision int8`, or use another precision.")
            }
            guard hasInt8 else {
                guard fallsBack else { throw Self.missing("int8", "AVX-512 VNNI or AVX-VNNI") }
                (precision, packing) = (.fp32, .float32)
                return
            }
            (precision, packing) = (.int8, .int8(plan, floating: hasBF16 ? .bfloat16 : .float32))
        }
    }

    /// What a precision becomes on this CPU, for a bundle that has what it needs.
    ///
    /// - Throws: `.precisionUnavailable` that names the missing instruction set.
    package static func check(
        _ precision: Precision, fallsBack: Bool, instructions: CPUKernels.Instructions = CPUKernels.available,
        hasInt8: Bool = CPUKernels.hasInt8DotProducts
    ) throws(CutisError) -> Precision {
        try PrecisionChoice(
            precision, plan: QuantisationPlan(inputs: [:]), fallsBack: fallsBack, instructions: instructions,
            hasInt8: hasInt8
        ).precision
    }

    private static func missing(_ precision: String, _ instructions: String) -> CutisError {
        CutisError(
            .precisionUnavailable, "\(precision) needs a CPU with \(instructions), which this one does not have.",
            remedy: "Use --precision fp32 or fp16, or --fallback to take fp32 wherever a precision is missing.")
    }
}
