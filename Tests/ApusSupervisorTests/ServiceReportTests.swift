import Testing

@testable import ApusSupervisor

@Suite("Service report")
struct ServiceReportTests {
    private static func state(
        _ phase: ServiceState.Phase, reloading: Bool = false, reloads: Int = 0, _ status: String = "s"
    ) -> ServiceState {
        ServiceState(phase: phase, isReloading: reloading, reloadCount: reloads, status: status)
    }

    @Test("READY is said when the server answers, once")
    func ready() {
        var report = ServiceReport()
        #expect(report.notices(for: Self.state(.starting, "0 of 1"), now: 1) == [.status("0 of 1")])
        #expect(report.notices(for: Self.state(.starting, "0 of 1"), now: 2) == [])
        #expect(report.notices(for: Self.state(.serving, "1 of 1"), now: 3) == [.ready(status: "1 of 1")])
        #expect(report.notices(for: Self.state(.serving, "1 of 1"), now: 4) == [])
        #expect(report.notices(for: Self.state(.serving, "0 of 1"), now: 5) == [.status("0 of 1")])
    }

    @Test("a reload is RELOADING with its time, and READY with what came of it")
    func reload() {
        var report = ServiceReport()
        _ = report.notices(for: Self.state(.serving), now: 1)
        let begun = report.notices(for: Self.state(.serving, reloading: true, "loading"), now: 2)
        #expect(begun == [.reloading(at: 2, status: "loading")])
        let further = report.notices(for: Self.state(.serving, reloading: true, "still loading"), now: 3)
        #expect(further == [.status("still loading")])
        let ended = report.notices(for: Self.state(.serving, reloads: 1, "refused: it is damaged"), now: 4)
        #expect(ended == [.ready(status: "refused: it is damaged")])
    }

    @Test("a reload that began and ended unseen is told whole")
    func unseen() {
        var report = ServiceReport()
        _ = report.notices(for: Self.state(.serving), now: 1)
        let notices = report.notices(for: Self.state(.serving, reloads: 1, "refused"), now: 2)
        #expect(notices == [.reloading(at: 2, status: "refused"), .ready(status: "refused")])
    }

    @Test("a reload that follows another at once has its own beginning and time")
    func following() {
        var report = ServiceReport()
        _ = report.notices(for: Self.state(.serving), now: 1)
        _ = report.notices(for: Self.state(.serving, reloading: true), now: 2)
        let notices = report.notices(for: Self.state(.serving, reloading: true, reloads: 1), now: 3)
        #expect(notices == [.ready(status: "s"), .reloading(at: 3, status: "s")])
    }

    @Test("STOPPING is the last word, wherever it comes", arguments: [
        ServiceState.Phase.starting, .serving,
    ])
    func stopping(_ phase: ServiceState.Phase) {
        var report = ServiceReport()
        _ = report.notices(for: Self.state(phase, reloading: true), now: 1)
        let stopping = Self.state(.stopping(withinMilliseconds: 40), reloading: true, "draining")
        #expect(
            report.notices(for: stopping, now: 2) == [.stopping(microseconds: 40_000, status: "draining")])
        #expect(report.notices(for: Self.state(.stopping(withinMilliseconds: 40), reloads: 1), now: 3) == [])
    }

    @Test("a process that is told to stop before it said anything says only that")
    func atOnce() {
        var report = ServiceReport()
        let notices = report.notices(for: Self.state(.stopping(withinMilliseconds: 1), "bye"), now: 1)
        #expect(notices == [.stopping(microseconds: 1000, status: "bye")])
    }
}

@Suite("Service notice")
struct ServiceNoticeTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let notice: ServiceNotice
        let text: String
    }

    @Test("each notice is the lines of sd_notify(3)", arguments: [
        Row(testDescription: "ready", notice: .ready(status: "1 model"), text: "READY=1\nSTATUS=1 model\n"),
        Row(testDescription: "a reload's beginning, with its time",
            notice: .reloading(at: 12, status: "x"), text: "RELOADING=1\nMONOTONIC_USEC=12\nSTATUS=x\n"),
        Row(testDescription: "the end, with its limit",
            notice: .stopping(microseconds: 5, status: "x"),
            text: "STOPPING=1\nEXTEND_TIMEOUT_USEC=5\nSTATUS=x\n"),
        Row(testDescription: "the watchdog's", notice: .alive, text: "WATCHDOG=1\n"),
        Row(testDescription: "a long load", notice: .extend(microseconds: 9), text: "EXTEND_TIMEOUT_USEC=9\n"),
        Row(testDescription: "a socket to keep", notice: .store(name: "l"), text: "FDSTORE=1\nFDNAME=l\n"),
        Row(testDescription: "a socket to forget",
            notice: .forget(name: "l"), text: "FDSTOREREMOVE=1\nFDNAME=l\n"),
        Row(testDescription: "no line of a status is an order of its own",
            notice: .status("a\nREADY=1\u{0}"), text: "STATUS=a READY=1 \n"),
    ])
    func text(_ row: Row) { #expect(row.notice.text == row.text) }

    @Test("a long status is cut between characters")
    func cut() {
        let text = ServiceNotice.status(String(repeating: "ü", count: 4000)).text
        #expect(text.utf8.count <= ServiceNotice.statusByteLimit + 1)
        #expect(text.hasSuffix("üü\n"))
    }
}
