import Foundation
import Testing

@testable import ApusSupervisor

@Suite("Priority of loading")
struct LoadPriorityTests {
    private static let usual = Int32(0)
    /// sched(7), SCHED_IDLE; the importer does not see it.
    private static let idle = Int32(5)

    /// A process that has forked another.
    private static func withFamily(_ body: (_ parent: pid_t, _ child: pid_t) throws -> Void) throws {
        var parent: pid_t = 0
        let words: [String] = ["sh", "-c", "sleep 100 & wait"]
        let arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let code = posix_spawn(&parent, "/bin/sh", nil, nil, arguments, nil)
        try #require(code == 0)
        var child: pid_t?
        let end = ContinuousClock.now + .seconds(20)
        while child == nil, ContinuousClock.now < end {
            let text = try String(contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8)
            child = text.split(separator: " ").first.flatMap { pid_t($0) }
        }
        defer {
            for process in [child, parent] { process.map { _ = kill($0, SIGKILL) } }
            waitpid(parent, nil, 0)
        }
        try body(parent, #require(child))
    }

    @Test("a process that loads gets what is left, as long as it can be given more again")
    func lowered() throws {
        try Self.withFamily { parent, child in
            let isLowered = LoadPriority.lower(parent)
            #expect(sched_getscheduler(parent) == (isLowered ? Self.idle : Self.usual))
            // Who may do it here is root; others may where RLIMIT_NICE says so.
            if geteuid() == 0 { #expect(isLowered) }
            #expect(sched_getscheduler(child) == Self.usual)
        }
    }

    @Test("a process is raised with those that it has forked")
    func raised() throws {
        try Self.withFamily { parent, child in
            let isLowered = [parent, child].map(LoadPriority.lower)
            LoadPriority.raise(parent)
            #expect(sched_getscheduler(parent) == Self.usual && sched_getscheduler(child) == Self.usual, "\(isLowered)")
        }
    }

    @Test("nothing happens to a process that is gone")
    func gone() {
        #expect(!LoadPriority.lower(pid_t.max))
        LoadPriority.raise(pid_t.max)
    }
}
