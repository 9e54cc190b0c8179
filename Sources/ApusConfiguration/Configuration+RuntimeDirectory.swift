import Glibc

extension Configuration {
    /// The private folder of this server's sockets: what was configured, else systemd's, else one with
    /// the process's number in its name, in the user's session folder or in `/tmp`.
    package func runtimeDirectoryPath(
        environment: [String: String], processID: Int32 = getpid()
    ) -> String {
        if let runtimeDirectory { return runtimeDirectory }
        // systemd.exec(5): several come with colons between them.
        if let systemd = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first {
            return String(systemd)
        }
        if let session = environment["XDG_RUNTIME_DIR"], access(session, W_OK) == 0 {
            return "\(session)/apus-\(processID)"
        }
        return "/tmp/apus-\(getuid())-\(processID)"
    }
}
