extension StatusReport {
    /// The status for people: what serves, then each process on a line.
    package var table: String {
        var text = "apus on \(listen), supervisor \(supervisor), generation \(generation)\n\n"
        text += aligned([["PROCESS", "PID", "STATE", "RESTARTS", "PRIVATE"]] + proxyRows + models.flatMap(rows))
        for model in models {
            guard let reason = model.reason, !reason.isEmpty else { continue }
            text += "\n\(model.name)@\(model.version) is \(model.state): \(reason)\n"
        }
        return text
    }

    private var proxyRows: [[String]] {
        proxies.enumerated().map { ["proxy \($0)", pid($1.pid), $1.state, String($1.restarts), "-"] }
    }

    private func rows(_ model: Model) -> [[String]] {
        let name = "\(model.name)@\(model.version)"
        let batching = model.batching.map { ", batching \($0)" } ?? ""
        let template = ["template \(name)", pid(model.template?.pid), model.state + batching, "-", "-"]
        let workers = model.workers.enumerated().map { index, worker in
            ["worker \(name) #\(index)", pid(worker.pid), worker.state, String(worker.restarts), memory(worker.private_bytes)]
        }
        return [template] + workers
    }

    private func pid(_ pid: Int?) -> String { pid.map(String.init) ?? "-" }

    private func memory(_ byteCount: Int?) -> String {
        guard let byteCount else { return "-" }
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
