import Foundation

/// The few distribution functions that the intervals need.
package enum Distributions {
    /// The quantile of the standard normal distribution.
    ///
    /// Acklam's rational approximation, then one Halley step on `erfc`: full double precision.
    package static func normalQuantile(_ probability: Double) -> Double {
        guard probability > 0 else { return -.infinity }
        guard probability < 1 else { return .infinity }
        let start = rationalQuantile(probability)
        let error = 0.5 * erfc(-start / 2.0.squareRoot()) - probability
        let step = error * (2 * Double.pi).squareRoot() * exp(start * start / 2)
        return start - step / (1 + start * step / 2)
    }

    /// The two-sided standard normal p-value of `z`.
    package static func twoSidedNormal(_ z: Double) -> Double {
        erfc(abs(z) / 2.0.squareRoot())
    }

    /// The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction.
    package static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        let front = exp(
            logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x))
        if x < (a + 1) / (a + b + 2) {
            return front * betaFraction(x, a, b) / a
        }
        return 1 - front * betaFraction(1 - x, b, a) / b
    }

    /// The quantile of the beta distribution, by bisection to the last bit that matters.
    package static func betaQuantile(_ probability: Double, _ a: Double, _ b: Double) -> Double {
        var low = 0.0
        var high = 1.0
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if incompleteBeta(middle, a, b) < probability { low = middle } else { high = middle }
            if high - low < 1e-15 { break }
        }
        return (low + high) / 2
    }

    /// The value that |t| stays below with this probability, t having Student's distribution.
    package static func studentQuantile(twoSided probability: Double, degrees: Double) -> Double {
        // t² / (degrees + t²) has the beta distribution of 1/2 and degrees/2.
        let share = betaQuantile(probability, 0.5, degrees / 2)
        return (degrees * share / (1 - share)).squareRoot()
    }

    private static func logGamma(_ value: Double) -> Double {
        lgamma(value)
    }

    private static func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        var numerator = 1.0
        var denominator = 1 - (a + b) * x / (a + 1)
        if abs(denominator) < tiny { denominator = tiny }
        denominator = 1 / denominator
        var result = denominator
        for index in 1...1000 {
            let m = Double(index)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            var change = 1.0
            for term in [even, odd] {
                denominator = 1 + term * denominator
                if abs(denominator) < tiny { denominator = tiny }
                numerator = 1 + term / numerator
                if abs(numerator) < tiny { numerator = tiny }
                denominator = 1 / denominator
                change = denominator * numerator
                result *= change
            }
            if abs(change - 1) < 1e-15 { break }
        }
        return result
    }

    private static func rationalQuantile(_ p: Double) -> Double {
        let a = [
            -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02,
            -3.066479806614716e+01, 2.506628277459239e+00,
        ]
        let b = [
            -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
            -1.328068155288572e+01, 1,
        ]
        let c = [
            -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00,
            4.374664141464968e+00, 2.938163982698783e+00,
        ]
        let d = [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1]
        if p < 0.02425 {
            let q = (-2 * log(p)).squareRoot()
            return polynomial(c, q) / polynomial(d, q)
        }
        if p > 1 - 0.02425 {
            let q = (-2 * log1p(-p)).squareRoot()
            return -polynomial(c, q) / polynomial(d, q)
        }
        let q = p - 0.5
        let r = q * q
        return polynomial(a, r) * q / polynomial(b, r)
    }

    private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
        coefficients.reduce(0) { $0 * x + $1 }
    }
}
