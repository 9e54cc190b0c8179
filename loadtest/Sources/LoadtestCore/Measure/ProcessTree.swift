import Glibc

/// Processor time and memory of a process and all it started, from /proc.
package struct ProcessTree: Equatable, Sendable {
    package struct Member: Equatable, Sendable {
        package var processID: Int
        /// The command line, without what follows its first 60 characters.
        package var title: String
        /// Nanoseconds.
        package var usage: UInt64
        /// Proportional set size: a page shared by n processes counts 1/n in each. Bytes.
        package var proportionalBytes: Int
    }

    package var members: [Member]

    package var usage: UInt64 { members.reduce(0) { $0 + $1.usage } }
    package var proportionalBytes: Int { members.reduce(0) { $0 + $1.proportionalBytes } }

    /// Nil when there is no such process. Neither 0 nor a negative number is one: they name groups (kill(2)).
    package init?(root: Int) {
        guard let process = pid_t(exactly: root), process > 0,
            kill(process, 0) == 0 || errno == EPERM
        else { return nil }
        var parents: [Int: Int] = [:]
        for process in ProcessTree.processes() {
            if let fields = ProcessTree.stat(process) { parents[process] = fields.parent }
        }
        var wanted: Set<Int> = [root]
        var grew = true
        while grew {
            let more = parents.filter { wanted.contains($0.value) && !wanted.contains($0.key) }.keys
            grew = !more.isEmpty
            wanted.formUnion(more)
        }
        members = wanted.sorted().compactMap(ProcessTree.member)
    }

    /// Processor time since an earlier look, by process: nanoseconds. What a process that has ended
    /// meanwhile used is not known any more.
    package func growth(since earlier: ProcessTree) -> [(member: Member, usage: UInt64)] {
        members.map { member in
            let before = earlier.members.first { $0.processID == member.processID }?.usage ?? 0
            return (member, member.usage &- min(before, member.usage))
        }
    }

    private static func processes() -> [Int] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var result: [Int] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int(name) { result.append(number) }
        }
        return result
    }

    /// proc(5), /proc/PID/stat: the fields behind the command's closing parenthesis.
    private static func stat(_ process: Int) -> (parent: Int, ticks: UInt64)? {
        guard let text = try? TextFile.read("/proc/\(process)/stat"),
            let close = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let parent = Int(fields[1]), let user = UInt64(fields[11]),
            let system = UInt64(fields[12])
        else { return nil }
        return (parent, user + system)
    }

    private static func member(_ process: Int) -> Member? {
        guard let fields = stat(process) else { return nil }
        let tick = 1_000_000_000 / UInt64(max(1, sysconf(CInt(_SC_CLK_TCK))))
        let line = (try? TextFile.bytes("/proc/\(process)/cmdline")) ?? []
        let title = String(decoding: line.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
        return Member(
            processID: process,
            title: String(title.split(separator: " ").joined(separator: " ").prefix(60)),
            usage: fields.ticks * tick, proportionalBytes: proportional(process))
    }

    private static func proportional(_ process: Int) -> Int {
        guard let text = try? TextFile.read("/proc/\(process)/smaps_rollup") else { return 0 }
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
        }
        return 0
    }
}
