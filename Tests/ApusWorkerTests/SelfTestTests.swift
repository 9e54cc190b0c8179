import ApusLog
import Glibc
import Testing

@testable import ApusWorker

@Suite("Self-test")
struct SelfTestTests {
    static let report = SelfTestReport(isBatched: true, batchingReason: "because", runNanoseconds: 7)

    @Test("what the child found is what the template hears")
    func passes() throws {
        #expect(try SelfTest.inChild(nanoseconds: 10_000_000_000) { Self.report } == Self.report)
    }

    @Test("a model that crashes does so in the child, and the sentence names the signal")
    func crashes() {
        let failure = #expect(throws: LoadFailure.self) {
            try SelfTest.inChild(nanoseconds: 10_000_000_000) {
                signal(SIGSEGV, SIG_DFL)
                kill(getpid(), SIGSEGV)
                return Self.report
            }
        }
        #expect(failure?.exitCode == .modelCannotLoad && failure?.sentence.contains("signal 11") == true)
        #expect(failure?.mayPass == false)
    }

    @Test("a self-test that is killed from outside says nothing against the model")
    func killed() {
        let failure = #expect(throws: LoadFailure.self) {
            try SelfTest.inChild(nanoseconds: 10_000_000_000) {
                kill(getpid(), SIGKILL)
                return Self.report
            }
        }
        #expect(failure?.mayPass == true)
    }

    @Test("a model that never ends is killed when the time is over")
    func hangs() {
        let failure = #expect(throws: LoadFailure.self) {
            try SelfTest.inChild(nanoseconds: 100_000_000) {
                while true { pause() }
            }
        }
        #expect(failure?.sentence.contains("within 100 ms") == true)
    }

    @Test("a child that says nothing has not passed")
    func silent() {
        #expect(throws: LoadFailure.selfTest("the self-test ended without a result")) {
            try SelfTest.inChild(nanoseconds: 10_000_000_000) { _exit(0) }
        }
    }
}
