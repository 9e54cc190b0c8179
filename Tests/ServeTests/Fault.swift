import Foundation
import Testing

/// A library in front of the C library's (ld.so(8), LD_PRELOAD), in which a function fails while a file is there.
final class Fault {
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

    /// A model's file is gone when it is opened to be copied, though it was there when it was looked for.
    /// - Parameter part: of the paths that this is so of.
    static func reading(_ part: String = "") throws -> Fault {
        try Fault(
            """
            #include <fcntl.h>
            #include <stdarg.h>
            int open(const char *path, int flags, ...) {
                va_list rest;
                va_start(rest, flags);
                mode_t mode = va_arg(rest, mode_t);
                va_end(rest);
                const char *end = strrchr(path, '.');
                if (end && strcmp(end, ".onnx") == 0 && (flags & O_NONBLOCK) && strstr(path, "\(part)") && is_on()) {
                    errno = ENOENT;
                    return -1;
                }
                return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, mode);
            }
            """)
    }

    /// The kernel has no watch for another folder (inotify_add_watch(2)).
    static func watches() throws -> Fault {
        try Fault(
            """
            int inotify_add_watch(int descriptor, const char *path, unsigned mask) {
                if (is_on()) { errno = ENOSPC; return -1; }
                return ((int (*)(int, const char *, unsigned))dlsym(RTLD_NEXT, "inotify_add_watch"))(
                    descriptor, path, mask);
            }
            """)
    }

    /// A worker ends as soon as it is forked, before anybody knows its number: what it does first is to close what
    /// it does not need.
    static func worker() throws -> Fault {
        try Fault(
            """
            int close_range(unsigned first, unsigned last, int flags) {
                if (flags == 0 && is_on()) _exit(1);
                return ((int (*)(unsigned, unsigned, int))dlsym(RTLD_NEXT, "close_range"))(first, last, flags);
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
