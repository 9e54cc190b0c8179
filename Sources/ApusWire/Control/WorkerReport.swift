/// A worker's reports to the supervisor. The end of the socket is its death.
package enum WorkerReport: Equatable, Sendable {
    /// It listens and may be given requests.
    case ready
    /// So many more values of these features were outside of their ranges.
    case outOfRange([FeatureCount])
    /// It has served as many requests as it should, or will soon hold more memory than it may: it wants to be replaced.
    case worn
    /// It holds more memory than it may: it wants to be replaced, and to be given nothing more when others serve.
    case overLimit
    /// Its socket is there again.
    case listening
}

/// How often something happened to a feature.
package struct FeatureCount: Equatable, Sendable {
    package var feature: String
    package var count: UInt64

    package init(feature: String, count: UInt64) {
        self.feature = feature
        self.count = count
    }
}

extension WorkerReport: ControlMessage {
    package func write(to writer: inout ControlWriter) {
        switch self {
        case .ready: writer.write(UInt8(1))
        case .outOfRange(let counts):
            writer.write(UInt8(2))
            writer.write(counts) {
                $0.write($1.feature)
                $0.write($1.count)
            }
        case .worn: writer.write(UInt8(3))
        case .listening: writer.write(UInt8(4))
        case .overLimit: writer.write(UInt8(5))
        }
    }

    package init(reading reader: inout ControlReader) throws(ControlError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .ready
        case 2:
            self = .outOfRange(
                try reader.readList { (reader) throws(ControlError) in
                    FeatureCount(feature: try reader.readString(), count: try reader.read())
                })
        case 3: self = .worn
        case 4: self = .listening
        case 5: self = .overLimit
        case let kind: throw .unknownKind(kind)
        }
    }
}
