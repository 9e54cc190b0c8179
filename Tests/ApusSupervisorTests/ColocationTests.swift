import Glibc
import Testing

@testable import ApusSupervisor

@Suite("Colocation")
struct ColocationTests {
    /// What was counted after some seconds of a load, in milliseconds of each second.
    struct Load: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var proxyRun: UInt64 = 0, proxyWait: UInt64 = 0, workerRun: UInt64 = 0, idle: UInt64 = 0

        func sample(_ second: UInt64) -> Colocation.Sample {
            let unit = second * 1_000_000
            return Colocation.Sample(
                at: second * 1_000_000_000, proxyRun: proxyRun * unit, proxyWait: proxyWait * unit,
                workerRun: workerRun * unit, idle: idle * unit)
        }
    }

    @Test("they are together from the start, and stay so", arguments: [
        Load(testDescription: "without a load", idle: 2000),
        Load(testDescription: "when the proxy waits for its worker only", proxyRun: 600, proxyWait: 300, workerRun: 300, idle: 900),
        Load(testDescription: "when somebody else is there a little", proxyRun: 500, proxyWait: 490, workerRun: 300, idle: 900),
        Load(testDescription: "when the processor is full, and so are the others", proxyRun: 700, proxyWait: 300, workerRun: 299,
            idle: 400),
        Load(testDescription: "when nobody says what is idle", proxyRun: 700, workerRun: 299, idle: 0),
        Load(testDescription: "when others are idle, but one is enough", proxyRun: 600, workerRun: 290, idle: 1900),
    ])
    func stay(_ load: Load) {
        var colocation = Colocation()
        for second in 1...20 {
            colocation.judge(load.sample(UInt64(second)))
            #expect(colocation.isTogether, "second \(second)")
        }
    }

    @Test("they are let go, and together again after half a minute", arguments: [
        Load(testDescription: "when somebody else wants the processor", proxyRun: 300, proxyWait: 501, workerRun: 300),
        Load(testDescription: "when one is not enough and another is idle", proxyRun: 700, workerRun: 201, idle: 501),
    ])
    func letGo(_ load: Load) {
        var colocation = Colocation()
        for second: UInt64 in 1...2 { colocation.judge(load.sample(second)) }
        for second in 3..<32 {
            #expect(!colocation.isTogether, "second \(second)")
            colocation.judge(load.sample(UInt64(second)))
        }
        #expect(!colocation.isTogether)
        for second in 32...33 {
            colocation.judge(load.sample(UInt64(second)))
            #expect(colocation.isTogether)
        }
        colocation.judge(load.sample(34))
        #expect(!colocation.isTogether, "it is as it was")
    }

    @Test("what other processes have counted before says nothing")
    func changed() {
        let busy = Load(testDescription: "", proxyRun: 100, proxyWait: 900)
        var colocation = Colocation()
        colocation.judge(Load(testDescription: "").sample(1))
        colocation.judge(Load(testDescription: "").sample(2))
        colocation.processesChanged()
        colocation.judge(busy.sample(3))
        #expect(colocation.isTogether)
        colocation.judge(busy.sample(4))
        #expect(!colocation.isTogether)
    }

    @Test("counts that go back, and two looks at one time, are no reason to stop")
    func senseless() {
        var colocation = Colocation()
        let load = Load(testDescription: "", proxyRun: 500, proxyWait: 500, workerRun: 500)
        colocation.judge(load.sample(9))
        colocation.judge(load.sample(9))
        colocation.judge(load.sample(3))
        colocation.judge(Load(testDescription: "").sample(10))
        #expect(colocation.isTogether)
    }

    @Test("models that run in microseconds are light", arguments: [(2_000, true), (24_000, true), (24_001, false), (.max, false)] as [(UInt64, Bool)])
    func light(runNanoseconds: UInt64, isLight: Bool) {
        #expect(Placement(processorCount: 2).isLight(runNanoseconds) == isLight)
    }
}

@Suite("Processor time")
struct ProcessorTimeTests {
    @Test("what a process runs is counted, and what it is on is one of the processors")
    func own() throws {
        let before = try #require(ProcessorTime.of(getpid()))
        var sum = 0
        for number in 0..<3_000_000 { sum &+= number &* number }
        // The main thread is what the kernel names, and it may be another that runs this.
        let after = try #require(ProcessorTime.of(getpid()))
        #expect(sum != 0 && after.run >= before.run && after.wait >= before.wait && after.run > 0)
        let processor = try #require(ProcessorTime.processor(of: getpid()))
        #expect((0..<sysconf(Int32(_SC_NPROCESSORS_CONF))).contains(processor))
    }

    @Test("a process that is not there has no time")
    func gone() {
        #expect(ProcessorTime.of(-1) == nil)
        #expect(ProcessorTime.processor(of: -1) == nil)
    }

    @Test("idle is what these processors did not use, waiting for disks included")
    func idle() {
        let text = """
            cpu  10 20 30 4000 50 0 0 0 0 0
            cpu0 1 2 3 100 5 0 0 0 0 0
            cpu1 1 2 3 200 6 0 0 0 0 0
            cpu11 1 2 3 400 7 0 0 0 0 0
            cpu2 broken
            intr 1 2 3 4 5 6
            """
        #expect(ProcessorTime.idleTicks([0], text) == 105)
        #expect(ProcessorTime.idleTicks([1, 11], text) == 613)
        #expect(ProcessorTime.idleTicks([2, 3], text) == 0)
        #expect(ProcessorTime.idle([0]) > 0)
    }
}
