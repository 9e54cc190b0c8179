import ApusModel
import ApusWire
import CProcess
import Glibc

/// What the self-test of a model found.
struct SelfTestReport: Equatable {
    var isBatched: Bool
    /// Why its requests share runs or do not.
    var batchingReason: String
    /// The median of some single-row runs after warm-up; 0 when the made-up row could not be run.
    var runNanoseconds: UInt64
    /// What it should have answered and did not; empty when there is nothing to say against it.
    var failure = ""
}

/// Runs a freshly loaded model on made-up rows, in a child that is thrown away, so that the template's memory
/// stays as the load left it and is shared by all workers. A model that crashes or hangs does so there.
enum SelfTest {
    static func run(
        _ session: Session, _ settings: TemplateSettings, proofs: ModelProofs? = nil, nanoseconds: UInt64 = Limits.selfTestNanoseconds
    ) throws(LoadFailure) -> SelfTestReport {
        let report = try inChild(nanoseconds: nanoseconds) {
            var report = examine(session, settings)
            report.failure = proofs?.firstFailure(session) ?? ""
            return report
        }
        guard report.failure.isEmpty else { throw .selfTest(report.failure) }
        return report
    }

    /// Gives what `test` gives in a fork of this process.
    /// - Throws: `LoadFailure` when the fork crashes, or does not end in time and is killed.
    static func inChild(
        nanoseconds: UInt64, _ test: () -> SelfTestReport
    ) throws(LoadFailure) -> SelfTestReport {
        do {
            var pipe = try Pipe()
            let parent = getpid()
            let child = try SystemError.check(apus_fork(), "fork")
            if child == 0 {
                try? ProcessLife.dieWithParent(parent)
                var report = ControlWriter()
                test().write(to: &report)
                pipe.write(report.bytes)
                _exit(0)
            }
            let bytes = try pipe.readToEnd(nanoseconds: nanoseconds)
            if bytes == nil { kill(child, SIGKILL) }
            var status: Int32 = 0
            waitpid(child, &status, 0)
            return try report(bytes, status, nanoseconds: nanoseconds)
        } catch let failure as LoadFailure {
            throw failure
        } catch {
            throw LoadFailure(
                exitCode: .internalFault, sentence: "the self-test could not be started (\(error))", mayPass: true)
        }
    }

    private static func report(
        _ bytes: [UInt8]?, _ status: Int32, nanoseconds: UInt64
    ) throws(LoadFailure) -> SelfTestReport {
        guard let bytes else {
            throw .selfTest(
                "the model did not end its self-test within \(nanoseconds / 1_000_000) ms; "
                    + "run it outside Apus on one row to see where it stays")
        }
        let signal = status & 0x7F
        guard signal != SIGKILL else {
            throw LoadFailure(
                exitCode: .modelCannotLoad,
                sentence: "the model's self-test was killed from outside, as the kernel does when memory runs out",
                mayPass: true)
        }
        guard signal == 0 else {
            throw .selfTest(
                "the model stopped its process by signal \(signal) during the self-test; check the file with "
                    + "onnx.checker and export it again")
        }
        var reader = ControlReader(bytes[...])
        guard let report = try? SelfTestReport(reading: &reader) else {
            throw .selfTest("the self-test ended without a result")
        }
        return report
    }

    /// In the child: what the report says.
    private static func examine(_ session: Session, _ settings: TemplateSettings) -> SelfTestReport {
        let runNanoseconds = measure(session)
        switch settings.batching {
        case .off:
            return SelfTestReport(
                isBatched: false, batchingReason: "off, as it is set", runNanoseconds: runNanoseconds)
        case .on:
            let finding = session.batchingFindingByShape
            let reason = finding.map { "on is set, but \($0)" } ?? "on, as it is set"
            return SelfTestReport(
                isBatched: finding == nil, batchingReason: reason, runNanoseconds: runNanoseconds)
        case .auto:
            let finding = session.proveBatching()
            return SelfTestReport(
                isBatched: finding == .batchable, batchingReason: finding.description,
                runNanoseconds: runNanoseconds)
        }
    }

    private static func measure(_ session: Session) -> UInt64 {
        // What serves runs at the priority of the start, so that is what is measured.
        Priority.restore()
        defer { Priority.lower() }
        let example = ExampleInput(session.inputs, rowCount: 1)
        let end = MonotonicClock.now() + Limits.measureNanoseconds
        var times: [UInt64] = []
        repeat {
            let began = MonotonicClock.now()
            guard (try? session.run(example) { _ in }) != nil else { return 0 }
            times.append(MonotonicClock.now() - began)
        } while times.count < Limits.measureCount && MonotonicClock.now() < end
        return times.sorted()[times.count / 2]
    }
}

/// Its way from the child.
extension SelfTestReport {
    func write(to writer: inout ControlWriter) {
        writer.write(isBatched)
        writer.write(batchingReason)
        writer.write(runNanoseconds)
        writer.write(failure)
    }

    init(reading reader: inout ControlReader) throws(ControlError) {
        isBatched = try reader.readBool()
        batchingReason = try reader.readString()
        runNanoseconds = try reader.read()
        failure = try reader.readString()
    }
}
