import CutisMonitoring
import Testing

@Suite struct MetricRegistryTests {
    @Test func theTextIsWhatPrometheusDocuments() {
        let registry = MetricRegistry()
        let requests = registry.counter("cutis_requests_total", help: "Requests.", labels: ["route", "status"])
        requests["/a/{id}", "200"].increment()
        requests["/a/{id}", "200"].increment(by: 2)
        registry.gauge("cutis_depth", help: "Depth.")[].set(-1.5)
        registry.info("cutis_model_info", help: "Models.", labels: ["model"])["derm"].set(1)
        let seconds = registry.histogram("cutis_wait_seconds", help: "Waits.", bounds: [0.25, 1])
        for value in [0.25, 0.5, 3] { seconds[].observe(value) }
        #expect(
            registry.exposition(.prometheus) == """
                # HELP cutis_depth Depth.
                # TYPE cutis_depth gauge
                cutis_depth -1.5
                # HELP cutis_model_info Models.
                # TYPE cutis_model_info gauge
                cutis_model_info{model="derm"} 1.0
                # HELP cutis_requests_total Requests.
                # TYPE cutis_requests_total counter
                cutis_requests_total{route="/a/{id}",status="200"} 3.0
                # HELP cutis_wait_seconds Waits.
                # TYPE cutis_wait_seconds histogram
                cutis_wait_seconds_bucket{le="0.25"} 1.0
                cutis_wait_seconds_bucket{le="1.0"} 2.0
                cutis_wait_seconds_bucket{le="+Inf"} 3.0
                cutis_wait_seconds_count 3.0
                cutis_wait_seconds_sum 3.75

                """)
        #expect(
            registry.exposition(.openMetrics) == """
                # HELP cutis_depth Depth.
                # TYPE cutis_depth gauge
                cutis_depth -1.5
                # HELP cutis_model Models.
                # TYPE cutis_model info
                cutis_model_info{model="derm"} 1.0
                # HELP cutis_requests Requests.
                # TYPE cutis_requests counter
                cutis_requests_total{route="/a/{id}",status="200"} 3.0
                # HELP cutis_wait_seconds Waits.
                # TYPE cutis_wait_seconds histogram
                # UNIT cutis_wait_seconds seconds
                cutis_wait_seconds_bucket{le="0.25"} 1.0
                cutis_wait_seconds_bucket{le="1.0"} 2.0
                cutis_wait_seconds_bucket{le="+Inf"} 3.0
                cutis_wait_seconds_count 3.0
                cutis_wait_seconds_sum 3.75
                # EOF

                """)
    }

    @Test(arguments: ExpositionFormat.allCases)
    func hostileTextComesBackFromAStrictReaderAsItWas(format: ExpositionFormat) throws {
        let hostile = "a\"b\\c\nd{e=\"f\"} 1\r\n# EOF\r é \u{1F600}\\n\"\u{301}\\\u{301}"
        let registry = MetricRegistry()
        let family = registry.counter("cutis_x_total", help: "Help \\ with\n\"all\" of it.", labels: ["one", "two"])
        family[hostile, ""].increment(by: 1e-9)
        family["", hostile].increment(by: 12_345_678_901_234_568)
        registry.gauge("cutis_y", help: "Numbers.", labels: ["n"])["inf"].set(.infinity)
        let read = try ExpositionParser(registry.exposition(format), openMetrics: format == .openMetrics)
        let name = format == .openMetrics ? "cutis_x" : "cutis_x_total"
        let samples = read.families[name]?.samples ?? []
        #expect(samples.map(\.labels) == [["one": "", "two": hostile], ["one": hostile, "two": ""]])
        #expect(samples.map(\.value) == [12_345_678_901_234_568, 1e-9])
        #expect(read.families[name]?.help == "Help \\ with\n\"all\" of it.")
        #expect(read.families["cutis_y"]?.samples.first?.value == .infinity)
    }

    @Test func theNumberOfSeriesIsBounded() throws {
        let registry = MetricRegistry()
        let family = registry.counter("cutis_x_total", help: "X.", labels: ["who"], maximumSeries: 3)
        for number in 0..<10_000 { family["client \(number)"].increment() }
        family["client 0"].increment()
        let read = try ExpositionParser(registry.exposition(.prometheus), openMetrics: false)
        let values = Dictionary(
            uniqueKeysWithValues: (read.families["cutis_x_total"]?.samples ?? []).map { ($0.labels["who"], $0.value) })
        #expect(values == ["client 0": 2, "client 1": 1, "client 2": 1, "other": 9997])

        family.remove("client 1")
        family["new"].increment()
        #expect(registry.exposition(.prometheus).contains("{who=\"other\"} 9998.0"))
        family.remove("client 0")
        family.remove("client 2")
        family["new"].increment()
        #expect(registry.exposition(.prometheus).contains("{who=\"new\"} 1.0"))

        let long = String(repeating: "x", count: 1_000_000)
        family[long].increment()
        #expect(registry.exposition(.prometheus).utf8.count < 1000)
    }

    @Test func aCounterNeverFallsAndASumIsNeverSpoilt() {
        let counter = Counter()
        for amount in [1, -5, .nan, .infinity, 2] { counter.increment(by: amount) }
        #expect(counter.value == 3)
        let histogram = Histogram(bounds: [1])
        for value in [0.5, .nan, .infinity, 7] { histogram.observe(value) }
        #expect(histogram.reading.counts == [1, 1])
        #expect(histogram.reading.sum == 7.5)
    }

    @Test func updatesFromManyThreadsAreAllCounted() async {
        let registry = MetricRegistry()
        let counter = registry.counter("cutis_x_total", help: "X.", labels: ["n"])
        let histogram = registry.histogram("cutis_x_seconds", help: "X.", bounds: Histogram.seconds)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter["\(number % 2)"].increment()
                        histogram[].observe(0.25)
                    }
                }
            }
        }
        #expect(counter["0"].value == 40_000 && counter["1"].value == 40_000)
        #expect(histogram[].reading.count == 80_000)
        #expect(histogram[].reading.sum == 20_000)
    }

    @Test func theSameNameIsTheSameFamilyAndWhatIsCollectedIsAskedForEachTime() {
        let registry = MetricRegistry()
        registry.counter("cutis_x_total", help: "X.")[].increment()
        registry.counter("cutis_x_total", help: "X.")[].increment()
        let depth = Gauge()
        registry.collect("cutis_depth", help: "Depth.", labels: ["queue"]) { [(labels: ["a"], value: depth.value)] }
        depth.set(3)
        #expect(registry.exposition(.prometheus).contains("cutis_x_total 2.0"))
        #expect(registry.exposition(.prometheus).contains("cutis_depth{queue=\"a\"} 3.0"))
        depth.add(1)
        #expect(registry.exposition(.prometheus).contains("cutis_depth{queue=\"a\"} 4.0"))
    }

    @Test(arguments: [
        (nil, ExpositionFormat.prometheus), ("", .prometheus), ("text/html", .prometheus),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", .openMetrics),
        ("application/openmetrics-text;q=0.2, text/plain;q=0.9", .prometheus),
        ("*/*, application/openmetrics-text", .openMetrics),
        ("application/openmetrics-text;q=0", .prometheus),
        ("application/openmetrics-text;q=x,,;;=,text/plain", .prometheus),
    ])
    func theReaderChoosesTheFormat(accept: String?, format: ExpositionFormat) {
        #expect(ExpositionFormat(accept: accept) == format)
    }

    @Test func theProcessIsMeasured() throws {
        let registry = MetricRegistry()
        registry.collectProcess()
        let read = try ExpositionParser(registry.exposition(.openMetrics), openMetrics: true)
        func value(_ name: String) -> Double { read.families[name]?.samples.first?.value ?? -1 }
        #expect(value("process_resident_memory_bytes") > 1_000_000)
        #expect(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"))
        #expect(value("process_cpu_seconds") >= 0)
        #expect(value("process_open_fds") > 2)
        #expect(value("process_max_fds") >= value("process_open_fds"))
        #expect(value("process_threads") >= 1)
        // After 2020, and not in the future.
        let statistics = try #require(ProcessStatistics.read())
        #expect(statistics.startTime > 1_577_836_800)
        #expect(read.families["process_resident_memory_bytes"]?.unit == "bytes")
    }
}
