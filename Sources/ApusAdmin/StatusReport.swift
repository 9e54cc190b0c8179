import FoundationEssentials

/// What `apus status --json` prints, as the supervisor wrote it.
package struct StatusReport: Decodable, Equatable {
    /// How the process before, in the same place, ended.
    package struct Exit: Decodable, Equatable {
        package let pid: Int
        /// `signal 9 (Killed)`, `exit code 70`.
        package let reason: String
        /// What that means; empty when the reason says all.
        package let cause: String
        /// How long that is ago.
        package let agoMilliseconds: Int
        /// What it wrote to standard error last.
        package let lines: [String]

        enum CodingKeys: String, CodingKey {
            case pid, reason, cause, lines
            case agoMilliseconds = "ago_ms"
        }
    }

    /// A version that is wanted and was refused, while none of its model serves.
    package struct Unserved: Decodable, Equatable {
        package let name: String
        package let version: Int
        package let reason: String
    }

    package struct Proxy: Decodable, Equatable {
        /// 0 when no process runs, here and below.
        package let pid: Int
        package let state: String
        package let restarts: Int
        package let lastExit: Exit?

        enum CodingKeys: String, CodingKey {
            case pid, state, restarts
            case lastExit = "last_exit"
        }
    }

    package struct Template: Decodable, Equatable {
        package let pid: Int
        package let restarts: Int
        package let lastExit: Exit?

        enum CodingKeys: String, CodingKey {
            case pid, restarts
            case lastExit = "last_exit"
        }
    }

    package struct Worker: Decodable, Equatable {
        package let pid: Int
        package let state: String
        package let restarts: Int
        /// Memory that it shares with no other process; 0 when that cannot be read.
        package let privateByteCount: Int
        package let lastExit: Exit?

        enum CodingKeys: String, CodingKey {
            case pid, state, restarts
            case privateByteCount = "private_bytes"
            case lastExit = "last_exit"
        }
    }

    package struct Model: Decodable, Equatable {
        package let name: String
        package let version: Int
        package let generation: Int
        package let state: String
        /// Why it is in this state; empty when it serves.
        package let reason: String
        /// `on`, `off`, or `unknown` until it is loaded.
        package let batching: String
        /// Why requests share runs, or why they do not; may be empty.
        package let batchingReason: String
        package let template: Template
        package let workers: [Worker]

        enum CodingKeys: String, CodingKey {
            case name, version, generation, state, reason, batching
            case batchingReason = "batching_reason"
            case template, workers
        }
    }

    package let supervisor: Int
    package let generation: Int
    package let listen: String
    package let proxies: [Proxy]
    package let models: [Model]
    package let unserved: [Unserved]

    /// - Throws: `brokenAnswer` when `bytes` is not the JSON of a status.
    package init(_ bytes: [UInt8], from socket: String) throws(AdminError) {
        do {
            self = try JSONDecoder().decode(StatusReport.self, from: Data(bytes))
        } catch {
            throw .brokenAnswer(socket: socket, problem: "it is not the JSON of a status")
        }
    }
}
