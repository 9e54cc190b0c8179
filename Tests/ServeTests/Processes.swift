import Foundation
import Testing

/// Starts a program in a session of its own.
func spawn(
    _ path: String, _ arguments: [String], environment: [String], output: Int32, error: Int32
) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, error, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The runner may block or ignore signals; the program starts with none blocked or ignored.
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | 0x80  // POSIX_SPAWN_SETSID
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var process: pid_t = 0
    let code = withCStrings(arguments) { arguments in
        withCStrings(environment) { posix_spawn(&process, path, &actions, &attributes, arguments, $0) }
    }
    try #require(code == 0, "\(path): \(String(cString: strerror(code)))")
    return process
}

private func withCStrings<R>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { pointers.forEach { free($0) } }
    return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
}

/// Ends whatever is left of a server.
func killSession(_ session: pid_t) {
    for process in Processes.inSession(session) { kill(process, SIGKILL) }
}

/// What /proc says.
enum Processes {
    /// The living processes of a session (proc(5), "/proc/pid/stat").
    static func inSession(_ session: pid_t) -> [pid_t] {
        all.filter { process in
            guard let fields = fields(process) else { return false }
            return fields[0] != "Z" && fields[0] != "X" && pid_t(fields[3]) == session
        }
    }

    /// Those of a session that have ended, and that their parent has not asked for.
    static func zombies(of session: pid_t) -> [pid_t] {
        all.filter { process in fields(process).map { $0[0] == "Z" && pid_t($0[3]) == session } ?? false }
    }

    static func parent(of process: pid_t) -> pid_t? { fields(process).flatMap { pid_t($0[1]) } }

    /// It has computed for a tenth of a second or more (proc(5): utime, in hundredths on Linux).
    static func isBusy(_ process: pid_t) -> Bool {
        fields(process).map { $0.count > 11 && Int($0[11]) ?? 0 >= 10 } ?? false
    }

    private static var all: [pid_t] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { pid_t($0) }
    }

    /// Those of a session that live on, given time to finish dying: a process that was killed closes its
    /// descriptors, by which a test learns of its end, before it is a zombie.
    static func outliving(_ session: pid_t, within: Duration) -> [pid_t] {
        let deadline = ContinuousClock.now + within
        for process in inSession(session) {
            let descriptor = openProcess(process, 0)
            guard descriptor >= 0 else { continue }  // it has gone
            defer { close(descriptor) }
            let left = max(.zero, deadline - .now).components
            var end = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&end, 1, Int32(left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000))
        }
        return inSession(session)
    }

    /// pidfd_open(2); Swift's module of the C library leaves it out.
    private static let openProcess = unsafeBitCast(
        dlsym(nil, "pidfd_open")!, to: (@convention(c) (pid_t, UInt32) -> Int32).self)

    /// Sends a signal to one process of a server. Never to 0, which is the whole group of this one.
    static func signal(_ process: pid_t, _ number: Int32) throws {
        try #require(process > 1 && kill(process, number) == 0, "signal \(number) to \(process)")
    }

    static func describe(session: pid_t) -> String {
        inSession(session).map { "\($0) \(title($0)) \(fields($0)?[0] ?? "?")" }.joined(separator: "\n")
    }

    /// As `ps` shows it.
    static func title(_ process: pid_t) -> String {
        let bytes = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
        return String(decoding: bytes.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
            .trimmingCharacters(in: .whitespaces)
    }

    /// The numbers of the processors that a process may run on, as `0-3,5`.
    static func allowedProcessors(_ process: pid_t) throws -> String {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        return String(try #require(status.firstMatch(of: /Cpus_allowed_list:\t(.*)/)).1)
    }

    /// The fields after the name, which may hold spaces: state, parent, group, session, …
    private static func fields(_ process: pid_t) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 3 ? fields : nil
    }
}
