import Testing

@testable import ApusSupervisor

@Suite("Service environment")
struct ServiceEnvironmentTests {
    @Test("a shell's process has no service manager")
    func none() throws {
        #expect(try ServiceEnvironment(["PATH": "/bin"]) == ServiceEnvironment())
    }

    @Test("what systemd hands to a service is all read")
    func all() throws {
        let service = try ServiceEnvironment(
            [
                "NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "7",
                "LISTEN_FDS": "2", "LISTEN_PID": "7", "LISTEN_FDNAMES": "apus.socket:apus-listener",
            ], processID: 7)
        #expect(service.notifyAddress == "/run/systemd/notify")
        #expect(service.watchdogMicroseconds == 20_000_000)
        #expect(
            service.sockets == [
                .init(descriptor: 3, name: "apus.socket"), .init(descriptor: 4, name: "apus-listener"),
            ])
    }

    @Test("what is meant for another process is left alone")
    func others() throws {
        let service = try ServiceEnvironment(
            ["WATCHDOG_USEC": "1", "WATCHDOG_PID": "8", "LISTEN_FDS": "1", "LISTEN_PID": "8"], processID: 7)
        #expect(service == ServiceEnvironment())
    }

    @Test("a watchdog for nobody in particular is ours; sockets for nobody in particular are not")
    func nobody() throws {
        let service = try ServiceEnvironment(["WATCHDOG_USEC": "5", "LISTEN_FDS": "1"], processID: 7)
        #expect(service.watchdogMicroseconds == 5)
        #expect(service.sockets == [])
    }

    @Test("sockets without names are unknown, and not ours to keep")
    func unnamed() throws {
        let service = try ServiceEnvironment(["LISTEN_FDS": "1", "LISTEN_PID": "7"], processID: 7)
        #expect(service.sockets == [.init(descriptor: 3, name: "unknown")])
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let variables: [String: String]
        let refused: String
    }

    @Test("what cannot be read is refused by name", arguments: [
        Row(testDescription: "a relative path", variables: ["NOTIFY_SOCKET": "run/x"], refused: "NOTIFY_SOCKET"),
        Row(testDescription: "a path longer than a socket's",
            variables: ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 107)], refused: "NOTIFY_SOCKET"),
        Row(testDescription: "no microseconds", variables: ["WATCHDOG_USEC": "0"], refused: "WATCHDOG_USEC"),
        Row(testDescription: "a word for a process",
            variables: ["WATCHDOG_USEC": "1", "WATCHDOG_PID": "me"], refused: "WATCHDOG_PID"),
        Row(testDescription: "fewer than no sockets",
            variables: ["LISTEN_PID": "7", "LISTEN_FDS": "-1"], refused: "LISTEN_FDS"),
        Row(testDescription: "more sockets than a process can have",
            variables: ["LISTEN_PID": "7", "LISTEN_FDS": "99999999999"], refused: "LISTEN_FDS"),
        Row(testDescription: "sockets for process 0",
            variables: ["LISTEN_PID": "0", "LISTEN_FDS": "1"], refused: "LISTEN_PID"),
    ])
    func refuses(_ row: Row) {
        let error = #expect(throws: ServiceEnvironmentError.self) {
            try ServiceEnvironment(row.variables, processID: 7)
        }
        #expect(error?.description.hasPrefix("\(row.refused) is \"") == true)
    }
}
