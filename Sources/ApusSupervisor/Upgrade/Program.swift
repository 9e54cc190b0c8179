import ApusLog
import ApusLoop
import Glibc

/// How this program was started, to be started again, and the means to do so.
package struct Program {
    /// The variable that tells a program that it takes over: `check:FORM` asks whether it could, `fd:N` names
    /// the descriptor of a `TakeoverDocument`.
    package static let variable = "_APUS_TAKEOVER"

    /// Where the file was at the start: after an upgrade another one is there.
    package var path: String
    package var arguments: [String]
    /// `NAME=value`.
    package var environment: [String]
    /// Makes a file without a name of that many bytes; nil when it cannot.
    package var makeFile: (Int) -> CInt?

    package init(
        path: String, arguments: [String], environment: [String], makeFile: @escaping (Int) -> CInt?
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.makeFile = makeFile
    }

    /// Becomes the program that is at `path` now, with `descriptors` left open for it.
    /// - Returns: why that failed; then nothing has changed.
    func execute(with document: TakeoverDocument) -> String {
        let bytes = document.encoded()
        guard let file = makeFile(bytes.count) else { return "memfd_create: \(String(cString: strerror(errno)))" }
        defer { close(file) }
        let written = bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
        guard written == bytes.count else { return "pwrite: \(String(cString: strerror(errno)))" }
        LogOutput.standardError.finish()
        let kept = document.descriptors + [file]
        for descriptor in kept { _ = fcntl(descriptor, F_SETFD, 0) }
        let variables = environment + ["\(Self.variable)=fd:\(file)"]
        withCStrings(arguments) { arguments in
            withCStrings(variables) { _ = execve(path, arguments, $0) }
        }
        let reason = "execve \(path): \(String(cString: strerror(errno)))"
        for descriptor in kept { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return reason
    }

    private func withCStrings(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Void
    ) {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    }
}

/// Signals that wait while one program takes the other's place: none is lost, and none ends a program that does
/// not watch for it yet.
enum HeldSignals {
    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [
            SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2,
        ] { sigaddset(&set, number) }
        return set
    }

    static func hold() {
        var set = set
        sigprocmask(SIG_BLOCK, &set, nil)
    }

    static func release() {
        var set = set
        sigprocmask(SIG_UNBLOCK, &set, nil)
    }
}
