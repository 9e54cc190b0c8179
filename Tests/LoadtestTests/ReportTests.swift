import Glibc
import Testing

@testable import LoadtestCore

@Suite("Reports")
struct ReportTests {
    static func run(_ scale: UInt64 = 1) -> Measurement {
        var random = SplitMix(seed: 3)
        let intervals = (0..<8).map { second in
            Samples.interval(
                second, (0..<100).map { _ in (1_000_000 + random.next() % 500_000) * scale })
        }
        return Samples.measurement(
            latencies: intervals.flatMap { $0.histogram.cells.map(\.value) }, intervals: intervals)
    }

    @Test("the JSON report is JSON, with its durations in microseconds")
    func json() throws {
        let json = try JSON.parse(Samples.report(Self.run()).json().pretty())
        let run = try #require(json["runs"]?.array?.first)
        #expect(run["valid"] == .bool(true))
        #expect(run["intervals"]?.array?.count == 8)
        let p50 = try #require(run["latency"]?["p50_us"]?.double)
        #expect(p50 > 1000 && p50 < 1500)
    }

    @Test("the page is one file: no script, no address, and no text of others becomes markup")
    func page() {
        let page = Samples.report(Self.run(), title: "<script>alert(1)</script>").html()
        #expect(page.contains("&lt;script&gt;"))
        #expect(!page.contains("<script"))
        for outside in ["src=", "href=", "url(", "@import"] { #expect(!page.contains(outside)) }
        #expect(page.contains("<svg"))
        #expect(page.contains("prefers-color-scheme:dark"))
    }

    @Test("the CSV has a line for each interval and as many fields in each")
    func csv() {
        let lines = Samples.report(Self.run()).csv().split(separator: "\n")
        #expect(lines.count == 9)
        #expect(
            Set(lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }) == [
                13
            ])
    }

    @Test("the answers after the last request are no second of a run, marked as such or not")
    func drain() throws {
        var run = Self.run()
        run.seconds = 8
        let late = Samples.interval(8, [9_000_000_000], isDrain: true)
        let plain = try TemporaryFile(Samples.report(run).json().text)
        run.intervals.append(late)
        let drained = Samples.report(run)
        let ends = drained.csv().split(separator: "\n").map { $0.suffix(2) }
        #expect(ends.dropFirst(8) == [",0", ",1"])
        let text = drained.json().text
        #expect(text.contains("\"drain\":true"))
        let unmarked = text.replacing(",\"drain\":false", with: "")
            .replacing(",\"drain\":true", with: "")
        #expect(!unmarked.contains("drain"))
        for text in [text, unmarked] {
            let file = try TemporaryFile(text)
            let lines = try Comparison(plain.path, file.path).lines
            #expect(lines.count == 4)
            #expect(lines.allSatisfy { $0.before == $0.after })
        }
    }

    /// Eight seconds with 100 requests each: so many are answered in 1 ms, the others given up after 1 s.
    static func run(answering count: Int) -> Measurement {
        let intervals = (0..<8).map { second in
            Samples.interval(
                second, Array(repeating: 1_000_000, count: count),
                givenUp: Array(repeating: 1_000_000_000, count: 100 - count))
        }
        return Samples.measurement(latencies: [1_000_000], intervals: intervals)
    }

    @Test("the time series names only what was answered as answered")
    func answered() {
        let report = Samples.report(Self.run(answering: 60))
        let interval = report.json()["runs"]?.array?.first?["intervals"]?.array?.first
        #expect(interval?["answered"]?.int == 60)
        #expect(interval?["failed"]?.int == 40)
        #expect(interval?["max_us"]?.double ?? 0 > 999_000)
        let fields = report.csv().split(separator: "\n")[1]
            .split(separator: ",", omittingEmptySubsequences: false)
        #expect(fields[4...6] == ["100", "60", "40"])
    }

    @Test("a server that answers less is seen by its rate, one that answers nothing by the waiting")
    func comparesAnswers() throws {
        let files = try [100, 60, 0].map {
            try TemporaryFile(Samples.report(Self.run(answering: $0)).json().text)
        }
        let fewer = try Comparison(files[0].path, files[1].path)
        let rate = try #require(fewer.lines.first { $0.name == "answered/s" })
        #expect([rate.before, rate.after] == [100, 60])
        let none = try Comparison(files[0].path, files[2].path)
        let median = try #require(none.lines.first { $0.name == "p50 of each second" })
        #expect(median.isReal && median.after > 999_000)
    }

    @Test("the exit code says how it ended")
    func exits() throws {
        var report = Samples.report(Self.run())
        #expect(report.exitStatus == .held)
        report.objective = try Objective("p99<1ms")
        #expect(report.exitStatus == .broken)
        report.entries[0].validity = .invalid("late")
        #expect(report.exitStatus == .invalid)
        report = Samples.report(Samples.measurement(latencies: [], failures: [.status: 9]))
        #expect(report.exitStatus == .broken)
        report = Samples.report(Samples.measurement(latencies: [1000], failures: [.wrong: 1]))
        #expect(report.exitStatus == .broken)
    }

    @Test("equal runs differ by noise only, a slower one by more")
    func comparison() throws {
        let before = try TemporaryFile(Samples.report(Self.run()).json().text)
        let same = try TemporaryFile(Samples.report(Self.run()).json().text)
        let slower = try TemporaryFile(Samples.report(Self.run(2)).json().text)
        let equal = try Comparison(before.path, same.path)
        #expect(equal.lines.allSatisfy { !$0.isReal })
        #expect(!equal.hasWorsened)
        let worse = try Comparison(before.path, slower.path)
        #expect(worse.lines.filter(\.isReal).map(\.name).contains("p99 of each second"))
        #expect(worse.hasWorsened)
        #expect(worse.table().contains("WORSE"))
        #expect(throws: UsageError.self) { try Comparison(before.path, TemporaryFile("{}").path) }
    }

    @Test(
        "numbers that no run has are compared without a crash",
        arguments: ["1e30", "1e300", "-1e30", "NaN", "Infinity"])
    func comparesAnything(_ number: String) throws {
        let intervals = [number, "1"].map {
            #"{"seconds":1,"answered":\#($0),"p50_us":\#($0),"max_us":1}"#
        }
        let file = try TemporaryFile(
            #"{"loadtest":"x","runs":[{"failed":\#(number),"good":\#(number),"#
                + #""intervals":[\#(intervals.joined(separator: ","))]}]}"#)
        #expect(!(try Comparison(file.path, file.path).table()).isEmpty)
    }

    @Test("a histogram's cells are numbered as the reference implementation does")
    func cells() {
        // AbstractHistogram.countsArrayIndex for lowest 1024, three digits.
        #expect(HistogramLog.index(of: 0) == 0)
        #expect(HistogramLog.index(of: 1024) == 1)
        #expect(HistogramLog.index(of: 2047 * 1024) == 2047)
        #expect(HistogramLog.index(of: 2048 * 1024) == 2048)
        #expect(HistogramLog.index(of: 4096 * 1024) == 3072)
    }

    @Test(
        "base64 is padded as RFC 4648 has it",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"),
        ])
    func base64(_ text: String, _ encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
    }

    @Test(
        "only the number of a process is one",
        arguments: [0, -1, 999_999_999, 1 << 32 + 1, .max, .min])
    func noProcess(_ number: Int) {
        #expect(ProcessTree(root: number) == nil)
    }

    @Test("a process is looked at by its number")
    func ownProcess() throws {
        let tree = try #require(ProcessTree(root: Int(getpid())))
        #expect(tree.members.contains { $0.processID == Int(getpid()) })
    }

    @Test("counters' growth and histograms' means are read from two metrics pages")
    func metrics() {
        let before = Prometheus(
            "# HELP a b\na_total 5\nb_sum{m=\"x y\"} 10\nb_count{m=\"x y\"} 4\ng 9\n")
        let after = Prometheus("a_total 8\nb_sum{m=\"x y\"} 30\nb_count{m=\"x y\"} 14\ng 12\nbad\n")
        let growth = after.growth(since: before)
        #expect(growth == ["a_total": 3, "b_sum{m=\"x y\"}": 20, "b_count{m=\"x y\"}": 10])
        #expect(Prometheus.means(growth) == [Prometheus.Mean(name: "b", count: 10, mean: 2)])
    }
}
