import CTorch
import Foundation
import Testing

/// Every status of the C face, with its message, and what a failure leaves alone.
@Suite struct StatusTests {
    @Test func okLeavesNoMessage() {
        _ = ct_boundary_probe(CT_PROBE_TORCH)
        #expect(ct_boundary_probe(CT_PROBE_NOTHING) == CT_OK)
        #expect(message == "")
    }

    @Test func shape() throws {
        try Arena.with { t in
            let (a, b) = (try t.zeros([2, 3]), try t.zeros([2, 3]))
            var out: OpaquePointer?
            #expect(ct_matmul(a, b, &out) == CT_SHAPE)
            #expect(message == "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)")
            let four = try t.zeros([4])
            #expect(ct_add(a, four, &out) == CT_SHAPE)
            #expect(ct_reshape(a, [4], 1, &out) == CT_SHAPE)
            #expect(ct_zeros([-1], 1, CT_FLOAT32, -1, &out) == CT_SHAPE)
            let wide = try t.zeros([2, 4])
            #expect(ct_cat([a, wide], 2, 0, &out) == CT_SHAPE)
            #expect(ct_layer_norm(a, [4], 1, nil, nil, 1e-5, &out) == CT_SHAPE)
            let (image, kernel) = (try t.zeros([1, 3, 8, 8]), try t.zeros([4, 2, 3, 3]))
            let one = CTPair(height: 1, width: 1)
            #expect(ct_conv2d(image, kernel, nil, one, one, one, 1, &out) == CT_SHAPE)
            #expect(out == nil)
        }
    }

    @Test func type() throws {
        try Arena.with { t in
            let (float, double) = (try t.zeros([2, 2]), try t.zeros([2, 2], CT_FLOAT64))
            let long = try t.zeros([2, 2], CT_INT64)
            var out: OpaquePointer?
            #expect(ct_matmul(float, double, &out) == CT_TYPE)
            #expect(ct_mean(long, [0], 0, false, &out) == CT_TYPE)
            #expect(ct_gather(float, 0, double, &out) == CT_TYPE)
            #expect(ct_to_dtype(float, CTDType(rawValue: 77), &out) == CT_TYPE)
            #expect(ct_tensor_set_requires_grad(long, true) == CT_TYPE)
            #expect(out == nil)
        }
    }

    @Test func index() throws {
        try Arena.with { t in
            let x = try t.zeros([2, 3])
            var out: OpaquePointer?
            #expect(ct_select(x, 0, 5, &out) == CT_INDEX)
            #expect(ct_softmax(x, 4, &out) == CT_INDEX)
            let (seven, two) = (try t.integers([7]), try t.integers([2]))
            #expect(ct_index_select(x, 0, seven, &out) == CT_INDEX)
            #expect(ct_embedding(x, two, &out) == CT_INDEX)
            #expect(out == nil)
        }
    }

    @Test func memory() {
        var out: OpaquePointer?
        #expect(ct_empty([1 << 50], 1, CT_FLOAT32, -1, CT_CONTIGUOUS, &out) == CT_MEMORY)
        #expect(message.contains("allocate memory"))
        #expect(ct_boundary_probe(CT_PROBE_BAD_ALLOC) == CT_MEMORY)
        #expect(out == nil)
    }

    @Test func device() {
        var out: OpaquePointer?
        #expect(ct_zeros([2], 1, CT_FLOAT32, 999, &out) == CT_DEVICE)
        #expect(message.contains("CUDA device 999 is not available"))
        var memory = CTMemory()
        #expect(ct_runtime_memory(-1, &memory) == CT_DEVICE)
        #expect(out == nil)
    }

    @Test func argument() throws {
        try Arena.with { t in
            var out: OpaquePointer?
            #expect(ct_zeros([2], -1, CT_FLOAT32, -1, &out) == CT_ARGUMENT)
            #expect(ct_zeros([2], 1, CT_FLOAT32, -2, &out) == CT_ARGUMENT)
            #expect(ct_runtime_set_threads(0) == CT_ARGUMENT)
            var number = 0.5
            let matrix = try t.zeros([2, 3])
            #expect(ct_tensor_item(matrix, &number) == CT_ARGUMENT)
            #expect(number == 0.5)
            var sizes = [7]
            #expect(ct_tensor_sizes(matrix, &sizes, 1) == CT_ARGUMENT)
            #expect(sizes == [7])
            #expect(out == nil)
        }
    }

    @Test func unsupported() throws {
        try Arena.with { t in
            var out: OpaquePointer?
            let integers = try t.integers([1, 2])
            #expect(ct_softmax(integers, 0, &out) == CT_UNSUPPORTED)
            #expect(message.contains("not implemented for 'Long'"))
            #expect(out == nil)
        }
    }

    @Test func gradient() throws {
        try Arena.with { t in
            let x = try t.zeros([1])
            var out: [OpaquePointer?] = [nil]
            #expect(ct_grad(x, nil, [x], 1, false, false, false, &out) == CT_GRADIENT)
            #expect(ct_tensor_set_requires_grad(x, true) == CT_OK)
            #expect(ct_add_scalar_(x, CTScalar(is_integer: true, integer: 1, real: 0)) == CT_GRADIENT)
            #expect(out == [nil])
        }
    }

    @Test func version() {
        #expect(ct_runtime_check() == CT_OK)
        #expect(ct_runtime_check_facts(ct_version(), true, true) == CT_OK)
        #expect(ct_runtime_check_facts("1.9.0", false, false) == CT_VERSION)
        #expect(message == "LibTorch 1.9.0 is loaded, but this program was built for \(String(cString: ct_version()))")
        #expect(ct_runtime_check_facts(ct_version(), true, false) == CT_VERSION)
        #expect(message.contains("--no-as-needed"))
        #expect(ct_runtime_check_facts(ct_version(), false, true) == CT_VERSION)
    }

    @Test func compute() throws {
        try Arena.with { t in
            #expect(ct_boundary_probe(CT_PROBE_TORCH) == CT_COMPUTE)
            #expect(message == "probe")
            let x = try t.full([2], 3)
            var out: OpaquePointer?
            #expect(ct_bce(x, x, nil, CT_REDUCE_MEAN, &out) == CT_COMPUTE)
            #expect(out == nil)
        }
    }

    @Test func internalAndUnknown() {
        #expect(ct_boundary_probe(CT_PROBE_STANDARD) == CT_INTERNAL)
        #expect(message == "probe")
        #expect(ct_boundary_probe(CT_PROBE_FOREIGN) == CT_UNKNOWN)
        #expect(message != "")
    }

    @Test func failureLeavesTheOutParameter() throws {
        try Arena.with { t in
            let x = try t.zeros([2])
            var out: OpaquePointer? = x
            #expect(ct_select(x, 3, 0, &out) == CT_INDEX)
            #expect(out == x)
            var second: OpaquePointer? = x
            #expect(ct_topk(x, 9, 0, true, &out, &second) != CT_OK)
            #expect(out == x && second == x)
        }
    }

    @Test func messagesHaveNoBacktrace() throws {
        try Arena.with { t in
            var out: OpaquePointer?
            let x = try t.zeros([2, 3])
            #expect(ct_matmul(x, x, &out) == CT_SHAPE)
            #expect(!message.contains("Exception raised from") && !message.contains("frame #"))
        }
    }

    @Test func messagesBelongToTheThread() {
        #expect(ct_boundary_probe(CT_PROBE_TORCH) == CT_COMPUTE)
        let elsewhere = onThread { () -> String in
            let before = String(cString: ct_last_error())
            _ = ct_boundary_probe(CT_PROBE_BAD_ALLOC)
            return before
        }
        #expect(elsewhere == "")
        #expect(message == "probe")
    }
}
