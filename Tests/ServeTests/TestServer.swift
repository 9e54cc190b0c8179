import Foundation
import Testing

/// A running `apus serve` of a test's own, on a free port and in a private folder.
///
/// All its processes share its log as standard error and are in a session of their own, so what is left of it
/// can be found: the log's end says that no process is left at all.
final class TestServer {
    /// The supervisor.
    let process: pid_t
    let folder: String
    let log: EventPipe
    /// Standard output, which only the supervisor has.
    let output: EventPipe
    private(set) var port: UInt16 = 0
    private var status: Int32?

    /// Starts the server and waits for its ready line.
    convenience init(_ arguments: String...) throws {
        try self.init(arguments: arguments)
        try waitUntilReady()
    }

    /// Starts the server and does not wait. `--listen`, `--runtime-dir` and the log's level are given unless
    /// they are in `arguments`.
    /// - Parameters:
    ///   - environment: `NAME=value`, beside what every server gets.
    ///   - log: a file that is standard error instead of the pipe.
    init(
        arguments: [String], binary: String = Built.apus, environment: [String] = [], log file: String? = nil
    ) throws {
        folder = "/tmp/apus-serve-\(getpid())-\(UInt32.random(in: 0...(.max)))"
        mkdir(folder, 0o700)
        var command = ["apus", "serve"] + arguments
        if !arguments.contains("--listen") { command += ["--listen", "127.0.0.1:0"] }
        if !arguments.contains("--runtime-dir") { command += ["--runtime-dir", "\(folder)/r"] }
        if !arguments.contains("--log-level") { command += ["--log-level", "debug"] }
        let (log, logEnd) = try EventPipe.make("log")
        let (output, outputEnd) = try EventPipe.make("standard output")
        self.log = log
        self.output = output
        defer { for end in [logEnd, outputEnd] { close(end) } }
        let opened = file.map { open($0, O_WRONLY | O_CLOEXEC) }
        defer { if let opened { close(opened) } }
        process = try spawn(
            binary, command, environment: environment + Built.environment, output: outputEnd,
            error: opened ?? logEnd)
    }

    deinit {
        killSession(process)
        if status == nil { waitpid(process, nil, 0) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    var runtimeDirectory: String { "\(folder)/r" }

    /// The one line that the server prints.
    func waitUntilReady(within: Duration = .seconds(60)) throws {
        let text = try output.wait(for: "\n", within: within, else: { self.log.text })
        let match = try #require(
            text.wholeMatch(of: /ready http:\/\/127\.0\.0\.1:(\d+)\n/), "\(text)\n\(log.text)")
        port = try #require(UInt16(match.1))
    }

    func signal(_ number: Int32) { kill(process, number) }

    /// How the supervisor ended: its exit code, or minus the signal.
    func waitForExit(within: Duration = .seconds(20)) throws -> Int32 {
        if let status { return status }
        try output.waitForEnd(within: within, else: { self.log.text })
        var raw: Int32 = 0
        waitpid(process, &raw, 0)
        let ended = raw & 0x7f == 0 ? raw >> 8 & 0xff : -(raw & 0x7f)
        status = ended
        return ended
    }

    /// Ends the server by TERM and checks what every test ends with: exit code 0, nothing on standard
    /// output but the ready line, no error line but those that are named, no process left.
    func stop(errors expected: [String] = [], _ place: SourceLocation = #_sourceLocation) throws {
        if status == nil {
            signal(SIGTERM)
            let code = try waitForExit()
            #expect(code == 0, "\(log.text)", sourceLocation: place)
        }
        try expectNothingLeft(errors: expected, place)
    }

    /// The part of `stop` for a supervisor that has ended already.
    func expectNothingLeft(
        errors expected: [String] = [], _ place: SourceLocation = #_sourceLocation
    ) throws {
        try log.waitForEnd(within: .seconds(5), else: { Processes.describe(session: self.process) })
        let left = Processes.outliving(process, within: .seconds(1))
        #expect(left == [], "processes are left", sourceLocation: place)
        let lines = log.text.split(separator: "\n").filter { $0.contains(#/^\S+ (error|critical) /#) }
        let surprising = lines.filter { line in expected.allSatisfy { !line.contains($0) } }
        #expect(surprising == [], sourceLocation: place)
        for error in expected {
            #expect(lines.contains { $0.contains(error) }, "\(error)", sourceLocation: place)
        }
        #expect(output.text.split(separator: "\n").count <= 1, sourceLocation: place)
    }

    // MARK: Asking it

    func connect() throws -> Connection { try Connection(port: port) }

    /// One request on a connection of its own.
    func ask(_ method: String, _ path: String, body: String? = nil) throws -> Answer {
        try connect().ask(method, path, body: body)
    }

    /// What the supervisor says on its admin socket.
    func admin(_ line: String) throws -> String {
        let socket = try Connection(path: "\(runtimeDirectory)/admin.sock")
        try socket.send("\(line)\n")
        return String(decoding: try socket.readToEnd(), as: UTF8.self)
    }

    /// The report, once every worker takes requests; the ready line waits for one of each model only.
    func settledReport() throws -> Status {
        while true {
            let mark = log.mark
            let report = try report()
            let workers = report.models.flatMap(\.workers)
            if workers.allSatisfy({ $0.state == "serving" }) { return report }
            try log.wait(for: "worker ready", since: mark)
        }
    }

    func report() throws -> Status {
        let text = try admin("status")
        try #require(text.hasPrefix("ok\n"))
        return try JSONDecoder().decode(Status.self, from: Data(text.utf8.dropFirst(3)))
    }
}

/// The part of `apus status --json` that tests look at.
struct Status: Decodable {
    struct Process: Decodable {
        let pid: Int32
        let state: String?
        let restarts: Int
    }

    struct Model: Decodable {
        let generation: Int
        let name: String
        let version: Int
        let labels: [String]
        let digest: String
        let state: String
        let reason: String
        let template: Process
        let workers: [Process]
    }

    struct Unserved: Decodable {
        let name: String
        let version: Int
        let reason: String
    }

    let supervisor: Int32
    let listen: String
    let proxies: [Process]
    let models: [Model]
    let unserved: [Unserved]

    /// Every process but the supervisor.
    var children: [Int32] {
        proxies.map(\.pid) + models.flatMap { [$0.template.pid] + $0.workers.map(\.pid) }
    }
}

/// What the tests run, and with what.
enum Built {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// `APUS_BINARY`, else what was built with this test.
    static let apus =
        ProcessInfo.processInfo.environment["APUS_BINARY"]
        ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "apus").path

    static let library =
        ProcessInfo.processInfo.environment["APUS_ONNXRUNTIME"]
        ?? root + "/.build/onnxruntime/libonnxruntime.so.1.28.0"

    /// This process's, with no variable of Apus but the library's, and without the test runner's wish for
    /// backtraces: they keep a process alive that gets a signal from outside.
    static let environment = ["APUS_ONNXRUNTIME=\(library)", "SWIFT_BACKTRACE=enable=no"]
        + ProcessInfo.processInfo.environment
        .filter { !$0.key.hasPrefix("APUS_") && $0.key != "SWIFT_BACKTRACE" }
        .map { "\($0.key)=\($0.value)" }
}

/// Models and requests for them.
enum Fixture {
    static let irisFile = "\(Built.root)/Tests/Fixtures/iris.onnx"
    static let iris = "iris=\(irisFile)"
    /// Answers with its input, after as many turns of a loop as that says.
    static let slowFile = "\(Built.root)/Tests/Fixtures/small/slow.onnx"
    static func small(_ name: String) -> String { "\(Built.root)/Tests/Fixtures/small/\(name).onnx" }
    static let slow = "slow=\(slowFile)"
    static let broken = "broken=\(Built.root)/Tests/Fixtures/small/unknown_operator.onnx"

    static let irisRow = """
        {"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","data":[5.9,3.0,4.2,1.5]}]}
        """

    static func turns(_ count: Int) -> String {
        """
        {"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[\(count)]}]}
        """
    }

    /// About half a second of a worker's time, or more when the machine is busy.
    static let aWhile = 400_000
    /// Longer than any test waits.
    static let forever = 2_000_000_000
}
