import Glibc

/// Finds the runtime directory of the server that `status` and `reload` are about.
package struct ServerSearch {
    package var environment: [String: String]
    package var systemDirectory = "/run/apus"
    package var temporaryDirectory = "/tmp"
    package var userID = getuid()

    package init(environment: [String: String]) {
        self.environment = environment
    }

    /// The flag's directory, `APUS_RUNTIME_DIR`, that of systemd, or else the only one in which a
    /// supervisor answers.
    ///
    /// - Throws: `noServer` with the places that were looked at, `severalServers` with those found.
    package func runtimeDirectory(flag: String?) throws(AdminError) -> String {
        if let said = flag ?? environment["APUS_RUNTIME_DIR"] { return said }
        if AdminClient(runtimeDirectory: systemDirectory).isReachable { return systemDirectory }
        let found = places.flatMap(directories).filter { AdminClient(runtimeDirectory: $0).isReachable }
        switch found.count {
        case 1: return found[0]
        case 0: throw .noServer(places: [systemDirectory] + places.map { "\($0.parent)/\($0.prefix)*" })
        case _: throw .severalServers(found)
        }
    }

    /// Where `serve` makes its directory when it is not told where: `PARENT/PREFIX` and its PID.
    private var places: [(parent: String, prefix: String)] {
        let session = environment["XDG_RUNTIME_DIR"].map { (parent: $0, prefix: "apus-") }
        return [session, (temporaryDirectory, "apus-\(userID)-")].compactMap { $0 }
    }

    private func directories(_ place: (parent: String, prefix: String)) -> [String] {
        guard let stream = opendir(place.parent) else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(place.prefix) { found.append("\(place.parent)/\(name)") }
        }
        return found.sorted()
    }
}
