/// How much one model's queue takes on.
public struct QueueLimits: Sendable, Hashable {
    /// The most images that go through the model together.
    public var maximumBatchRows: Int
    /// The most images that wait; beyond, requests are refused.
    public var maximumQueuedRows: Int
    /// The share of the queue that requests of low priority may fill, 0…1.
    public var batchShare: Double
    /// How long an idle replica waits for more images before it begins; zero begins at once.
    public var maximumDelay: Duration
    /// How long a request of low priority waits before it takes turns with urgent ones.
    public var ageing: Duration

    /// Sets the limits; numbers below 1 count as 1.
    public init(
        maximumBatchRows: Int = 8, maximumQueuedRows: Int = 256, batchShare: Double = 0.5,
        maximumDelay: Duration = .zero, ageing: Duration = .seconds(1)
    ) {
        self.maximumBatchRows = max(1, maximumBatchRows)
        self.maximumQueuedRows = max(1, maximumQueuedRows)
        self.batchShare = min(max(batchShare, 0), 1)
        self.maximumDelay = max(maximumDelay, .zero)
        self.ageing = max(ageing, .zero)
    }
}

/// How much the decoding of images may take on at once.
public struct PreparationLimits: Sendable, Hashable {
    /// How many images are decoded at the same time, each on a thread of its own.
    public var threads: Int
    /// The most memory that images being decoded may take together, in bytes, by their estimate.
    public var memoryBytes: Int
    /// The most images that wait; beyond, requests are refused.
    public var maximumWaiting: Int

    /// Sets the limits; numbers below 1 count as 1.
    public init(threads: Int, memoryBytes: Int = 1 << 30, maximumWaiting: Int = 512) {
        self.threads = max(1, threads)
        self.memoryBytes = max(1, memoryBytes)
        self.maximumWaiting = max(1, maximumWaiting)
    }
}

/// How many models a server holds, and how much each takes on.
public struct ModelLimits: Sendable, Hashable {
    /// The memory that all models together may take, in bytes.
    public var memoryBytes: Int
    /// How many replicas of each model compute at the same time.
    public var replicas: Int
    /// Whether idle models that are no task's default make room for a new one, the longest unused first.
    public var unloadsIdleModels: Bool
    /// How long a load waits for models that are going but still answer their last requests.
    public var drainTime: Duration
    /// The limits of each model's queue.
    public var queue: QueueLimits
    /// The limits of decoding, for all models together.
    public var preparation: PreparationLimits

    /// Sets the limits; numbers below 1 count as 1.
    public init(
        memoryBytes: Int, replicas: Int = 1, unloadsIdleModels: Bool = true, drainTime: Duration = .seconds(30),
        queue: QueueLimits = QueueLimits(), preparation: PreparationLimits
    ) {
        self.memoryBytes = max(1, memoryBytes)
        self.replicas = max(1, replicas)
        self.unloadsIdleModels = unloadsIdleModels
        self.drainTime = max(drainTime, .zero)
        self.queue = queue
        self.preparation = preparation
    }
}
