import Glibc

/// All that an invocation found out, ready to be written in some form.
package struct Report {
    /// One run with what belongs to it.
    package struct Entry {
        /// What tells it from the other runs of a sweep: `rate`, `rows`, `connections`.
        package var coordinates: [(name: String, value: Double)]
        package var measurement: Measurement
        package var server: ServerSide?
        package var validity: Validity

        package init(
            coordinates: [(name: String, value: Double)] = [], measurement: Measurement,
            server: ServerSide? = nil, validity: Validity
        ) {
            self.coordinates = coordinates
            self.measurement = measurement
            self.server = server
            self.validity = validity
        }
    }

    package static let version = "0.1.0"

    package var url: String
    package var title: String
    package var arguments: [String]
    package var machine = Machine()
    package var entries: [Entry] = []
    package var objective: Objective?
    package var search: Search.Result?
    /// The least rate that a search has to find.
    package var wantedRate: Double?

    package init(url: String, title: String, arguments: [String]) {
        self.url = url
        self.title = title
        self.arguments = arguments
    }

    /// How it ended, for the shell.
    package var exitStatus: ExitStatus {
        for entry in entries {
            if case .invalid = entry.validity { return .invalid }
        }
        if let search {
            if search.generatorLimit != nil && (wantedRate.map { search.rate < $0 } ?? true) {
                return .invalid
            }
            return search.rate > 0 && search.rate >= (wantedRate ?? 0) ? .held : .broken
        }
        let isHeld = entries.allSatisfy { entry in
            let run = entry.measurement
            return run.goodCount > 0 && run.failures[.wrong] == nil
                && (objective?.broken(by: run).isEmpty ?? true)
        }
        return isHeld ? .held : .broken
    }
}

/// The process's exit code.
package enum ExitStatus: Int32, Sendable {
    /// The run is valid and every objective held.
    case held = 0
    /// An objective broke, or answers were wrong.
    case broken = 1
    /// What was asked cannot be done.
    case usage = 2
    /// The generator was the bottleneck: the numbers are not about the server.
    case invalid = 3
}

/// Where the numbers were taken.
package struct Machine: Equatable, Sendable {
    package var processor: String
    package var coreCount: Int
    package var kernel: String

    package init() {
        let text = (try? TextFile.read("/proc/cpuinfo")) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":").last.map { $0.drop { $0 == " " } }
        processor = name.map(String.init) ?? "unknown processor"
        coreCount = sysconf(CInt(_SC_NPROCESSORS_ONLN))
        let release = (try? TextFile.read("/proc/sys/kernel/osrelease")) ?? ""
        kernel = String(release.filter { $0 != "\n" })
    }
}
