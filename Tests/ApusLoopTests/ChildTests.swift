import Glibc
import LoopTesting
import Testing

@testable import ApusLoop

@Suite("Children")
struct ChildTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let script: String
        let reason: ExitReason
    }

    static let rows = [
        Row(testDescription: "code 0", script: "exit 0", reason: .exited(code: 0)),
        Row(testDescription: "code 3", script: "exit 3", reason: .exited(code: 3)),
        Row(testDescription: "code 255", script: "exit 255", reason: .exited(code: 255)),
        Row(testDescription: "SIGKILL", script: "kill -9 $$", reason: .signaled(SIGKILL)),
        Row(testDescription: "SIGTERM", script: "kill -15 $$", reason: .signaled(SIGTERM)),
    ]

    @Test("how a process ended is told", arguments: rows)
    func ends(_ row: Row) throws {
        try withLoop { loop in
            var reason: ExitReason?
            let child = try Child(
                path: "/bin/sh", arguments: ["sh", "-c", row.script], descriptors: [], on: loop
            ) { reason = $0 }
            #expect(child.processID > 0)
            try loop.run(until: "it has ended") { reason != nil }
            #expect(reason == row.reason)
            child.kill(SIGKILL)
        }
    }

    @Test("a process can be killed, and says so")
    func kills() throws {
        try withLoop { loop in
            var reason: ExitReason?
            let child = try Child(
                path: "/bin/sleep", arguments: ["sleep", "60"], descriptors: [], on: loop
            ) { reason = $0 }
            child.kill(SIGKILL)
            try loop.run(until: "it has ended") { reason != nil }
            #expect(reason == .signaled(SIGKILL))
            #expect(reason?.description == "signal 9 (Killed)")
        }
    }

    @Test("a process sees the environment and the descriptors that it was given, and none of our own")
    func inherits() throws {
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let (kept, other) = try SocketPair.make()
            let stream = RecordedStream(try .adopt(ours, on: loop))
            var hasEnded = false
            let script = #"echo "$NAME"; cd /proc/$$/fd; readlink 0 1 2 *"#
            _ = try Child(
                path: "/bin/sh", arguments: ["sh", "-c", script],
                environment: ["NAME=value", "PATH=/usr/bin:/bin"], descriptors: [nil, theirs, nil],
                on: loop
            ) { _ in hasEnded = true }
            let inside = name(theirs)
            SocketPair.close(theirs)
            try loop.run(until: "it has ended and said all") { hasEnded && stream.recorder.hasEnded }
            let lines = String(decoding: stream.recorder.received, as: UTF8.self).split(separator: "\n")
            #expect(lines.prefix(4) == ["value", "/dev/null", inside, "/dev/null"])
            #expect(!lines.contains(name(kept)) && !lines.contains(name(other)))
            stream.stream.close()
            for descriptor in [kept, other] { SocketPair.close(descriptor) }
        }
    }

    @Test("a standard stream that never waits stays so, here and in the child", arguments: [0, 1, 2])
    func neverWaits(_ place: Int) throws {
        try withLoop { loop in
            let (reading, writing) = try SenderSocket.make()
            defer { for end in [reading, writing] { SocketPair.close(end) } }
            var hasEnded = false
            var descriptors: [CInt?] = [nil, nil, nil]
            descriptors[place] = writing
            _ = try Child(
                path: "/bin/sh", arguments: ["sh", "-c", "exit 0"], descriptors: descriptors, on: loop
            ) { _ in hasEnded = true }
            #expect(fcntl(writing, F_GETFL) & O_NONBLOCK != 0)
            try loop.run(until: "it has ended") { hasEnded }
        }
    }

    /// As /proc names a socket.
    private func name(_ descriptor: CInt) -> Substring {
        var status = stat()
        fstat(descriptor, &status)
        return "socket:[\(status.st_ino)]"
    }

    @Test("a program that is not there is an error at once")
    func missing() throws {
        try withLoop { loop in
            let error = #expect(throws: UVError.self) {
                try Child(path: "/nowhere/at/all", arguments: ["x"], descriptors: [], on: loop) { _ in
                    Issue.record("it never ran")
                }
            }
            #expect(error?.errno == ENOENT)
        }
    }

    @Test("a process that we did not spawn on the loop is reaped when it ends", arguments: rows)
    func reaps(_ row: Row) throws {
        try withLoop { loop in
            let reaper = try Reaper(on: loop)
            let process = try spawn(row.script)
            var reasons: [ExitReason] = []
            reaper.adopt(process) { reasons.append($0) }
            try loop.run(until: "it is reaped") { !reasons.isEmpty }
            #expect(reasons == [row.reason])
            #expect(kill(process, 0) != 0, "no zombie is left")
            reaper.close()
        }
    }

    @Test("one that has ended before it is adopted is reaped at once, and others stay")
    func adoptsLate() throws {
        try withLoop { loop in
            let reaper = try Reaper(on: loop)
            let sleeper = try spawn("exec sleep 60")
            let ended = try spawn("exit 4")
            var info = siginfo_t()
            waitid(P_PID, id_t(ended), &info, WEXITED | WNOWAIT)
            var reasons: [ExitReason] = []
            reaper.adopt(sleeper) { reasons.append($0) }
            reaper.adopt(ended) { reasons.append($0) }
            #expect(reasons == [.exited(code: 4)])
            kill(sleeper, SIGKILL)
            try loop.run(until: "both are reaped") { reasons.count == 2 }
            #expect(reasons.last == .signaled(SIGKILL))
            reaper.close()
        }
    }

    @Test("a process that is nobody's any more is given up")
    func reapedElsewhere() throws {
        try withLoop { loop in
            let reaper = try Reaper(on: loop)
            let process = try spawn("exit 0")
            waitpid(process, nil, 0)
            var reasons: [ExitReason] = []
            reaper.adopt(process) { reasons.append($0) }
            #expect(reasons == [.exited(code: -1)])
            reaper.close()
        }
    }

    private func spawn(_ script: String) throws -> pid_t {
        var process: pid_t = 0
        let words = ["sh", "-c", script]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)  // the runner's threads block most signals
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let code = posix_spawn(&process, "/bin/sh", nil, &attributes, &arguments, environ)
        try #require(code == 0)
        return process
    }
}
