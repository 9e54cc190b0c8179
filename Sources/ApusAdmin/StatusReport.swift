import FoundationEssentials

/// What `apus status --json` prints, as the supervisor wrote it.
package struct StatusReport: Decodable, Equatable {
    package struct Proxy: Decodable, Equatable {
        package let pid: Int?
        package let state: String
        package let restarts: Int
    }

    package struct Template: Decodable, Equatable {
        package let pid: Int?
    }

    package struct Worker: Decodable, Equatable {
        package let pid: Int?
        package let state: String
        package let restarts: Int
        /// Memory that it shares with no other process; nil when that cannot be read.
        package let private_bytes: Int?
    }

    package struct Model: Decodable, Equatable {
        package let name: String
        package let version: StatusText
        package let generation: Int
        package let state: String
        /// Why it is in this state, when that needs a reason.
        package let reason: String?
        package let batching: StatusText?
        package let template: Template?
        package let workers: [Worker]
    }

    package let supervisor: Int
    package let generation: Int
    package let listen: String
    package let proxies: [Proxy]
    package let models: [Model]

    /// - Throws: `brokenAnswer` when `bytes` is not the JSON of a status.
    package init(_ bytes: [UInt8], from socket: String) throws(AdminError) {
        do {
            self = try JSONDecoder().decode(StatusReport.self, from: Data(bytes))
        } catch {
            throw .brokenAnswer(socket: socket, problem: "it is not the JSON of a status")
        }
    }
}

/// A member that is a string, a number or a truth value, as people read it.
package struct StatusText: Decodable, Equatable, CustomStringConvertible {
    package let description: String

    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            description = text
        } else if let number = try? value.decode(Int.self) {
            description = String(number)
        } else {
            description = try value.decode(Bool.self) ? "on" : "off"
        }
    }
}
