import Glibc
import LoopTesting
import Testing

@testable import ApusLoop

@Suite("Timer, turn end, signals")
struct TimerTests {
    @Test("a timer fires once, after its time, and again each interval when it repeats")
    func fires() throws {
        try withLoop { loop in
            var once = 0
            var repeated = 0
            let start = loop.nowMilliseconds
            let single = Timer(on: loop) { once += 1 }
            let interval = Timer(on: loop) { repeated += 1 }
            single.start(milliseconds: 5)
            interval.start(milliseconds: 5, repeating: 5)
            try loop.run(until: "it has repeated") { repeated == 4 }
            #expect(once == 1)
            #expect(loop.nowMilliseconds >= start + 20)
            single.close()
            interval.close()
        }
    }

    @Test("a timer that is started again forgets its first time; a stopped one does not fire")
    func restarts() throws {
        try withLoop { loop in
            var order: [String] = []
            let restarted = Timer(on: loop) { order.append("restarted") }
            let stopped = Timer(on: loop) { order.append("stopped") }
            let last = Timer(on: loop) { order.append("last") }
            restarted.start(milliseconds: 60_000)
            restarted.start(milliseconds: 0)
            stopped.start(milliseconds: 0)
            stopped.stop()
            last.start(milliseconds: 5)
            try loop.run(until: "the last has fired") { order.last == "last" }
            #expect(order == ["restarted", "last"])
            for timer in [restarted, stopped, last] { timer.close() }
        }
    }

    @Test("a loop does not wait for a timer that is unreferenced")
    func unreferenced() throws {
        try withLoop { loop in
            let timer = Timer(on: loop) { Issue.record("it fired") }
            timer.start(milliseconds: 60_000)
            timer.unreference()
            loop.run()
            timer.close()
        }
    }

    @Test("a loop that is stopped returns with its handles as they are")
    func stops() throws {
        try withLoop { loop in
            let timer = Timer(on: loop) { loop.stop() }
            timer.start(milliseconds: 0, repeating: 60_000)
            loop.run()
            timer.close()
        }
    }

    @Test("all that comes in one turn is seen before the turn's end, which comes once")
    func turnEnd() throws {
        try withLoop { loop in
            let (one, other) = try RecordedStream.pair(on: loop)
            let (second, far) = try RecordedStream.pair(on: loop)
            var counts: [Int] = []
            let turnEnd = TurnEnd(on: loop) {
                counts.append(other.recorder.received.count + far.recorder.received.count)
            }
            try one.send([1])
            try second.send([2])
            loop.runOnce()
            #expect(counts == [2])
            turnEnd.close()
            for end in [one, other, second, far] { end.stream.close() }
        }
    }

    @Test("a signal calls back on the loop for each watch, and for none that is closed")
    func signals() throws {
        try withLoop { loop in
            var counts = [0, 0]
            // WINCH does nothing by itself, and nobody else here uses it.
            let first = try SignalWatch(SIGWINCH, on: loop) { counts[0] += 1 }
            let second = try SignalWatch(SIGWINCH, on: loop) { counts[1] += 1 }
            kill(getpid(), SIGWINCH)
            try loop.run(until: "both are told") { counts == [1, 1] }
            first.close()
            kill(getpid(), SIGWINCH)
            try loop.run(until: "the second is told again") { counts[1] == 2 }
            #expect(counts[0] == 1)
            second.close()
        }
    }

    @Test("a signal that cannot be caught is refused")
    func uncatchable() throws {
        try withLoop { loop in
            #expect(throws: UVError.self) { try SignalWatch(SIGKILL, on: loop) {} }
        }
    }
}
