extension StatusReport {
    /// The status for people: what serves, then each process on a line.
    package var table: String {
        var text = "apus on \(listen), supervisor \(supervisor), generation \(generation)\n\n"
        text += aligned([["PROCESS", "PID", "STATE", "RESTARTS", "PRIVATE"]] + proxyRows + models.flatMap(rows))
        for model in models {
            let name = "\(model.name)@\(model.version)"
            if !model.reason.isEmpty {
                text += model.state == "ready" ? "\n\(name) serves; \(model.reason)\n" : "\n\(name) is \(model.state): \(model.reason)\n"
            }
            guard !model.batchingReason.isEmpty else { continue }
            text += "\n\(name) \(model.batching == "on" ? "is batched" : "is not batched"): \(model.batchingReason)\n"
        }
        for one in unserved { text += "\n\(one.name)@\(one.version) is not served: \(one.reason)\n" }
        return text + exits
    }

    /// How processes ended whose places others have taken.
    private var exits: String {
        var text = ""
        func add(_ name: String, _ exit: Exit?) {
            guard let exit else { return }
            text += "\n\(name), process \(exit.pid), ended \(age(exit.agoMilliseconds)) ago by \(exit.reason)"
            text += exit.cause.isEmpty ? "\n" : ": \(exit.cause)\n"
            for line in exit.lines { text += "    \(line)\n" }
        }
        for (index, proxy) in proxies.enumerated() { add("proxy \(index)", proxy.lastExit) }
        for model in models {
            let name = "\(model.name)@\(model.version)"
            add("template \(name)", model.template.lastExit)
            for (index, worker) in model.workers.enumerated() { add("worker \(name) #\(index)", worker.lastExit) }
        }
        return text
    }

    /// As people say it: 0 s, 59 s, 3 min, 26 h.
    private func age(_ milliseconds: Int) -> String {
        let seconds = milliseconds / 1000
        if seconds < 120 { return "\(seconds) s" }
        return seconds < 7200 ? "\(seconds / 60) min" : "\(seconds / 3600) h"
    }

    private var proxyRows: [[String]] {
        proxies.enumerated().map { ["proxy \($0)", pid($1.pid), $1.state, String($1.restarts), "-"] }
    }

    private func rows(_ model: Model) -> [[String]] {
        let name = "\(model.name)@\(model.version)"
        let template = model.template
        let first = ["template \(name)", pid(template.pid), model.state, String(template.restarts), "-"]
        let workers = model.workers.enumerated().map { index, worker in
            ["worker \(name) #\(index)", pid(worker.pid), worker.state, String(worker.restarts), memory(worker.privateByteCount)]
        }
        return [first] + workers
    }

    private func pid(_ pid: Int) -> String { pid == 0 ? "-" : String(pid) }

    private func memory(_ byteCount: Int) -> String {
        guard byteCount > 0 else { return "-" }
        let tenths = (byteCount * 10 + (1 << 19)) >> 20
        return "\(tenths / 10).\(tenths % 10) MiB"
    }
}

/// `rows` with every column as wide as its widest cell, two spaces apart.
private func aligned(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        var line = cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }.joined()
}
