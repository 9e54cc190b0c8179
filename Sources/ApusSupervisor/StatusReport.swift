import ApusWire
import Glibc

extension Supervisor {
    /// What `apus status --json` prints; the fields are in the README's table.
    func statusReport() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("supervisor", getpid())
            json.member("generation", pools.map(\.generation).max() ?? 0)
            json.member("listen", listenAddress)
            json.member("state", isStopping ? "draining" : isReady ? "ready" : "starting")
            json.key("leaving")
            json.array(predecessor?.processIDs ?? []) { $0.number($1) }
            json.key("proxies")
            json.array(proxies) { json, proxy in
                json.object { json in
                    json.member("slot", proxy.index)
                    json.member("pid", proxy.child?.processID ?? 0)
                    json.member("state", proxy.state.rawValue)
                    json.member("restarts", proxy.restartCount)
                    lastExits[.proxy(proxy.index)]?.write(to: &json, at: now)
                }
            }
            json.key("models")
            json.array(pools) { json, pool in json.object { pool.writeStatus(to: &$0) } }
            json.key("unserved")
            json.array(unserved.sorted { $0.key < $1.key }.map(\.value)) { json, version in
                json.object { json in
                    json.member("name", version.model)
                    json.member("version", version.version)
                    json.member("reason", version.reason)
                }
            }
        }
        return json.bytes
    }
}

extension ModelPool {
    fileprivate func writeStatus(to json: inout JSONWriter) {
        json.member("name", wanted.name)
        json.member("version", wanted.version)
        json.key("labels")
        json.array(wanted.labels) { $0.string($1) }
        json.member("generation", generation)
        json.member("state", "\(routeState)")
        json.member("reason", reason)
        json.member("digest", snapshot?.digest ?? "")
        json.member("batching", description.map { $0.isBatched ? "on" : "off" } ?? "unknown")
        json.member("batching_reason", description?.batchingReason ?? "")
        json.key("template")
        json.object { json in
            json.member("pid", template?.processID ?? 0)
            json.member("restarts", templateRestartCount)
            supervisor.lastExits[.template(generation: generation)]?.write(to: &json, at: supervisor.now)
        }
        json.key("workers")
        json.array(Array(slots.enumerated())) { json, place in
            let (index, slot) = place
            json.object { json in
                json.member("pid", slot.processID)
                json.member("state", "\(slot.state)")
                json.member("restarts", slot.restartCount)
                json.member("private_bytes", ProcessMemory.privateByteCount(of: slot.processID))
                supervisor.lastExits[.worker(generation: generation, slot: index)]?
                    .write(to: &json, at: supervisor.now)
            }
        }
    }
}

extension LastExit {
    /// As the member `last_exit`.
    fileprivate func write(to json: inout JSONWriter, at now: UInt64) {
        json.key("last_exit")
        json.object { json in
            json.member("pid", processID)
            json.member("reason", reason)
            json.member("cause", cause)
            json.member("ago_ms", Int(now - at))
            json.key("lines")
            json.array(lines) { $0.string($1) }
        }
    }
}

/// What the kernel says of a process's memory.
enum ProcessMemory {
    /// Bytes that only this process holds (Private_Clean + Private_Dirty of /proc/PID/smaps_rollup); 0 when
    /// it cannot be read.
    static func privateByteCount(of process: pid_t) -> Int {
        guard process > 0, let text = KernelFile.text(of: "/proc/\(process)/smaps_rollup") else { return 0 }
        var kibibytes = 0
        for line in text.split(separator: "\n") where line.hasPrefix("Private_") {
            let words = line.split(separator: " ")
            if words.count >= 2 { kibibytes += Int(words[1]) ?? 0 }
        }
        return kibibytes * 1024
    }
}
