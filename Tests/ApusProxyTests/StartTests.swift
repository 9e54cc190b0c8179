import ApusControl
import ApusLoop
import ApusWire
import Glibc
import LoopTesting
import Testing

@testable import ApusProxy

@Suite("A proxy that cannot start")
struct StartTests {
    @Test("a descriptor that is no socket: it says so, and leaves nothing open")
    func noSocket() throws {
        let memory = UnsafeMutableRawBufferPointer.zeros(MetricsMemory.byteCount(proxies: 1))
        defer { free(memory.baseAddress) }
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let supervisor = RecordedStream(try .adopt(ours, on: loop))
            let control = ControlLink<ProxyOrder>(try .adopt(theirs, on: loop), on: loop, onReport: { _ in }, onEnd: {})
            do {
                let process = ProxyProcess(ProxySettings(), loop: loop, metrics: MetricsMemory(memory), log: .silent)
                #expect(throws: UVError.self) {
                    try process.start(control, listener: open("/dev/null", O_RDWR | O_CLOEXEC))
                }
            }
            // It is freed: no turn and no timer may come to it.
            control.close()
            try loop.run(until: "the supervisor sees its end") { supervisor.recorder.hasEnded }
            supervisor.stream.close()
        }
    }
}
