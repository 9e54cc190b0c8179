/// What one proxy found out about a request, for all the others: requests are known by their fingerprints.
package struct Suspicion: Equatable, Sendable {
    package enum Verdict: UInt8, Sendable {
        /// A worker died over it. It is tried once more, alone; who has the same request waits for that.
        case onTrial = 1
        /// Its worker lived.
        case cleared = 2
        /// A second worker died over it: it is refused for a while.
        case guilty = 3
    }

    package var fingerprint: UInt64
    package var verdict: Verdict
    /// Whose workers died.
    package var model: String

    package init(fingerprint: UInt64, verdict: Verdict, model: String) {
        self.fingerprint = fingerprint
        self.verdict = verdict
        self.model = model
    }

    func write(to writer: inout ControlWriter) {
        writer.write(fingerprint)
        writer.write(verdict.rawValue)
        writer.write(model)
    }

    init(reading reader: inout ControlReader) throws(ControlError) {
        fingerprint = try reader.read()
        guard let verdict = Verdict(rawValue: try reader.read()) else { throw .badValue("verdict") }
        self.verdict = verdict
        model = try reader.readString()
    }
}
