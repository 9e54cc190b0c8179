import Foundation
import Testing

@testable import LoadtestCore

/// A file that is gone when its owner is.
final class TemporaryFile {
    let path: String

    init(_ text: String) throws {
        path = NSTemporaryDirectory() + "loadtest-\(UUID().uuidString)"
        try TextFile.write(text, to: path)
    }

    deinit { unlink(path) }
}

@Suite("Scenarios")
struct ScenarioTests {
    static let known: Set<String> = ["url", "rate", "poisson", "at", "model"]

    @Test("a scenario stands for the words of a command line")
    func words() throws {
        let file = try TemporaryFile(
            "description: x\nurl: http://h/\nrate: 3x\npoisson: true\nat:\n  - '5s: a'\n  - '6s: b'\n"
        )
        let words = try Scenario.arguments(file: file.path, known: Self.known)
        #expect(
            words == ["http://h/", "--rate", "3x", "--poisson", "--at", "5s: a", "--at", "6s: b"])
    }

    @Test(
        "a malformed scenario is refused in one sentence",
        arguments: [
            "rate: [1, {}]\n", "- rate\n", "unknown: 1\n", "rate: {a: 1}\n", "rate: \"\n", "",
        ])
    func refuses(_ text: String) throws {
        let file = try TemporaryFile(text)
        do {
            _ = try Scenario.arguments(file: file.path, known: Self.known)
            Issue.record("it was accepted")
        } catch {
            #expect(!error.description.contains("\n"))
            #expect(error.description.contains(file.path))
        }
    }

    @Test("faults and sweeps are read, and what cannot be read is refused")
    func values() throws {
        #expect(
            try Run.Fault("1.5s: kill -9 1:2", option: "--at")
                == Run.Fault(at: 1_500_000_000, command: "kill -9 1:2"))
        for text in ["kill", "5s:", "x: kill"] {
            #expect(throws: UsageError.self) { try Run.Fault(text, option: "--at") }
        }
        let sweep = try Sweep("rate=100,1k; rows=1,8")
        #expect(sweep.rates == [100, 1000])
        #expect(sweep.rowCounts == [1, 8])
        for text in ["", ";", "=", "rate", "rate=", "rate=,;rows=1", "speed=1", "rate=1,x"] {
            #expect(throws: UsageError.self) { try Sweep(text) }
        }
    }

    @Test(
        "a sweep's value that no run can have is refused with what may be",
        arguments: [
            ("rows=1,1e30", "rows=1e30", "a whole number from 1 to 1000000"),
            ("rows=1.5", "rows=1.5", "a whole number from 1 to 1000000"),
            ("connections=0.5", "connections=0.5", "a whole number from 1 to 1000000"),
            ("connections=2M", "connections=2M", "a whole number from 1 to 1000000"),
            ("rate=100,1e30", "rate=1e30", "from 0.001 to 10000000 requests per second"),
            ("rate=1e308M", "rate=1e308M", "from 0.001 to 10000000 requests per second"),
            ("rate=0", "rate=0", "from 0.001 to 10000000 requests per second"),
            ("rate=1e-12", "rate=1e-12", "from 0.001 to 10000000 requests per second"),
        ])
    func sweepLimits(_ text: String, _ found: String, _ wanted: String) {
        #expect(throws: UsageError("\(found) in --sweep is not \(wanted)")) { try Sweep(text) }
    }

    @Test("whole numbers of a sweep may be written short")
    func sweepShort() throws {
        #expect(try Sweep("rows=1k;connections=1.5k").rowCounts == [1000])
    }
}
