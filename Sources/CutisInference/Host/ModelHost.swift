public import CutisCore
import CutisTensor
import Foundation

/// One replica of a model on a thread of its own.
///
/// The closure that `run` is given is synchronous, so nothing can come between its steps, and the tensors in it
/// never leave the thread.
public actor ModelHost {
    private nonisolated let thread: DedicatedThread
    private let model: LoadedModel

    /// The model's name and version.
    public nonisolated let identity: ModelIdentity
    /// What the bundle says about the model.
    public nonisolated let manifest: BundleManifest

    /// The model's own thread, on which everything that is isolated to the host runs.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Loads a bundle on a new thread; the host is ready when this returns.
    ///
    /// - Throws: `CutisError` as `ModelBundle` and `LoadedModel` document.
    public static func load(_ bundle: ModelBundle, options: LoadOptions = LoadOptions()) async throws -> ModelHost {
        try await Loader(thread: DedicatedThread(name: "cutis-model", stackSize: 8 << 20)).load(
            bundle, options: options)
    }

    fileprivate init(thread: DedicatedThread, model: sending LoadedModel) {
        self.thread = thread
        self.model = model
        identity = model.bundle.manifest.identity
        manifest = model.bundle.manifest
    }

    /// Runs a synchronous piece of work with the model, without gradients.
    public func run<Result: Sendable>(_ body: @Sendable (LoadedModel) throws -> Result) throws -> Result {
        try LoadedModel.translatingErrors { try withoutGrad { try body(model) } }
    }
}

/// Loads on the thread that will own the model, since LibTorch's pools belong to the thread that first computes.
private actor Loader {
    nonisolated let thread: DedicatedThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(thread: DedicatedThread) { self.thread = thread }

    func load(_ bundle: ModelBundle, options: LoadOptions) throws -> ModelHost {
        ModelHost(thread: thread, model: try LoadedModel(bundle, options: options))
    }
}
