import CLibuv
import Glibc

/// How a process ended.
package enum ExitReason: Equatable, Sendable, CustomStringConvertible {
    case exited(code: CInt)
    case signaled(CInt)

    init(waitStatus status: CInt) {
        let signal = status & 0x7f  // WIFEXITED and WTERMSIG, macros in <sys/wait.h>
        self = signal == 0 ? .exited(code: (status >> 8) & 0xff) : .signaled(signal)
    }

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let number): "signal \(number) (\(String(cString: strsignal(number))))"
        }
    }
}

/// A process started by us, by spawn (fork and exec in libuv).
package final class Child {
    private var handle = HandleMemory<uv_process_t>()
    private let onExit: (ExitReason) -> Void

    /// - Parameters:
    ///   - arguments: with the program's own name first.
    ///   - environment: `NAME=value`; nil passes ours on.
    ///   - descriptors: what the child sees as 0, 1, 2, …; nil is `/dev/null`. They stay open here. Those that never
    ///     wait do not in the child either.
    package init(
        path: String, arguments: [String], environment: [String]? = nil, descriptors: [CInt?],
        on loop: Loop, onExit: @escaping (ExitReason) -> Void
    ) throws(UVError) {
        self.onExit = onExit
        let unwaiting = Child.unwaiting(descriptors)
        defer { for (descriptor, flags) in unwaiting { _ = fcntl(descriptor, F_SETFL, flags) } }
        var options = uv_process_options_t()
        options.exit_cb = { process, status, signal in
            let child: Child = owner(process!.pointee.data)
            let reason: ExitReason = signal == 0 ? .exited(code: CInt(status)) : .signaled(signal)
            child.close()
            child.onExit(reason)
        }
        let code = Child.withCStrings(arguments) { arguments in
            Child.withCStrings(environment ?? []) { variables in
                path.withCString { path in
                    var streams = descriptors.map(Child.stream)
                    return streams.withUnsafeMutableBufferPointer { streams in
                        options.file = path
                        options.args = arguments
                        options.env = environment == nil ? nil : variables
                        options.stdio = streams.baseAddress
                        options.stdio_count = CInt(streams.count)
                        return uv_spawn(loop.raw, handle.raw, &options)
                    }
                }
            }
        }
        handle.retain(self)  // also after a failure: the handle is known to the loop and must be closed
        guard code == 0 else {
            close()
            throw UVError(code: code, call: "uv_spawn")
        }
    }

    deinit { handle.deallocate() }

    package var processID: pid_t { handle.raw.pointee.pid }

    /// Does nothing when the process has ended.
    package func kill(_ signal: CInt) {
        if handle.isOpen { uv_process_kill(handle.raw, signal) }
    }

    private func close() {
        handle.close { (lastReference($0!.pointee.data) as Child).handle.markClosed() }
    }

    /// Those standard streams that never wait, with their flags. libuv takes that from the description, which is ours as
    /// well as the child's (process.c, `uv__process_child_init`): it is given back once the child runs.
    private static func unwaiting(_ descriptors: [CInt?]) -> [(descriptor: CInt, flags: CInt)] {
        descriptors.prefix(3).compactMap { $0 }.map { ($0, fcntl($0, F_GETFL)) }
            .filter { $0.1 >= 0 && $0.1 & O_NONBLOCK != 0 }
    }

    private static func stream(_ descriptor: CInt?) -> uv_stdio_container_t {
        var container = uv_stdio_container_t()
        if let descriptor {
            container.flags = UV_INHERIT_FD
            container.data.fd = descriptor
        } else {
            container.flags = UV_IGNORE
        }
        return container
    }

    private static func withCStrings<R>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    }
}
