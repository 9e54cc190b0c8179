import Foundation
import Testing

extension ServeTests {
    @Suite("Limits of the machine")
    struct MachineLimitTests {
        @Test("no process can be forked: those that are there serve on, status says why, and it ends by itself")
        func fork() throws {
            let fault = try ForkFault()
            let server = try TestServer(
                arguments: [Fixture.iris, "--workers", "2"], environment: fault.environment)
            try server.waitUntilReady()
            let before = try server.settledReport().models[0].workers.map(\.pid)
            var mark = server.log.mark
            try fault.begin()
            try Processes.signal(before[0], SIGKILL)
            try server.log.wait(for: "cannot fork a worker", since: mark)
            for _ in 0..<10 {
                let answer = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
                #expect(answer.status == 200)
            }
            let during = try server.report().models[0]
            #expect(during.workers.contains { $0.pid == before[1] })
            #expect(during.reason.contains("no more workers for now"), "\(during.reason)")
            mark = server.log.mark
            fault.end()
            try server.log.wait(for: "worker ready", since: mark)
            #expect(try server.settledReport().models[0].reason == "")
            try server.stop(errors: ["cannot fork a worker"])
        }
    }
}

/// A library in front of the C library's (ld.so(8), LD_PRELOAD), whose `fork` fails while a file is there.
private final class ForkFault {
    private let folder = "/tmp/apus-fault-\(getpid())-\(UInt32.random(in: 0...(.max)))"
    private var switchFile: String { "\(folder)/on" }
    private var library: String { "\(folder)/fault.so" }

    init() throws {
        mkdir(folder, 0o700)
        let source = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <errno.h>
            #include <unistd.h>
            pid_t fork(void) {
                if (access("\(folder)/on", F_OK) == 0) { errno = EAGAIN; return -1; }
                return ((pid_t (*)(void))dlsym(RTLD_NEXT, "fork"))();
            }
            """
        try Data(source.utf8).write(to: URL(fileURLWithPath: "\(folder)/fault.c"))
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["clang", "-shared", "-fPIC", "-o", library, "\(folder)/fault.c", "-ldl"]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0, "clang comes with Swift")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var environment: [String] { ["LD_PRELOAD=\(library)"] }

    func begin() throws { try Data().write(to: URL(fileURLWithPath: switchFile)) }

    func end() { unlink(switchFile) }
}
