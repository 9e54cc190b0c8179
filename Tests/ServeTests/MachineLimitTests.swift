import Foundation
import Testing

extension ServeTests {
    @Suite("Limits of the machine")
    struct MachineLimitTests {
        @Test("no process can be forked: those that are there serve on, status says why, and it ends by itself")
        func fork() throws {
            let fault = try Fault.fork()
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

        @Test("a disk that is full at the first load: status says so, and the model is loaded once there is room")
        func diskAtFirstLoad() throws {
            let fault = try Fault.folderOfCopy()
            try fault.begin()
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer(
                arguments: ["--repository", models.path, "--workers", "1"], environment: fault.environment)
            try server.waitUntilReady()
            #expect(try server.report().models[0].reason.contains("ENOSPC"))
            #expect(try server.askIris().hasPrefix("503"))
            let mark = server.log.mark
            fault.end()
            try server.log.wait(for: "model loaded", since: mark, within: .seconds(60))
            try server.waitFor("200 iris/1") { try server.askIris() }
            #expect(try server.report().models[0].reason == "")
            try server.stop(errors: ["the model cannot be loaded for now"])
        }

        @Test("a log that takes nothing more costs no request")
        func fullLog() throws {
            let server = try TestServer(
                arguments: [Fixture.iris, "--workers", "1", "--access-log"], log: "/dev/full")
            try server.waitUntilReady()
            for _ in 0..<3 {
                #expect(try server.askIris() == "200 iris/1")
                try Processes.signal(try server.report().models[0].workers[0].pid, SIGKILL)
                #expect(try server.askIris() == "200 iris/1")
                try server.waitFor("serving") { try server.report().models[0].workers[0].state ?? "" }
            }
            try server.stop()
        }
    }
}

/// A library in front of the C library's (ld.so(8), LD_PRELOAD), in which a function fails while a file is there.
private final class Fault {
    private let folder = "/tmp/apus-fault-\(getpid())-\(UInt32.random(in: 0...(.max)))"
    private var switchFile: String { "\(folder)/on" }
    private var library: String { "\(folder)/fault.so" }

    static func fork() throws -> Fault {
        try Fault(
            """
            pid_t fork(void) {
                if (is_on()) { errno = EAGAIN; return -1; }
                return ((pid_t (*)(void))dlsym(RTLD_NEXT, "fork"))();
            }
            """)
    }

    /// The folder that a model's private copy is written to cannot be made.
    static func folderOfCopy() throws -> Fault {
        try Fault(
            """
            int mkdir(const char *path, mode_t mode) {
                const char *end = strrchr(path, '.');
                if (end && strcmp(end, ".part") == 0 && is_on()) { errno = ENOSPC; return -1; }
                return ((int (*)(const char *, mode_t))dlsym(RTLD_NEXT, "mkdir"))(path, mode);
            }
            """)
    }

    private init(_ function: String) throws {
        mkdir(folder, 0o700)
        let source = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <errno.h>
            #include <string.h>
            #include <sys/stat.h>
            #include <unistd.h>
            static int is_on(void) { return access("\(folder)/on", F_OK) == 0; }

            """ + function
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
