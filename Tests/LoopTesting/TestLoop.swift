import ApusLoop

/// What a test waited for did not happen.
package struct TooLate: Error, CustomStringConvertible {
    package let description: String
}

/// Something still holds a loop, or a handle on it, at the test's end.
package struct LoopIsLeaked: Error {}

/// Runs a test on a loop of its own and checks that nothing of it is left open: a loop is freed only after all
/// its handles are closed (`Loop.deinit`).
package func withLoop(_ body: (Loop) throws -> Void) throws {
    SignalWatch.ignoreBrokenPipes()
    weak var freed: Loop?
    do {
        let loop = try Loop()
        freed = loop
        do {
            try body(loop)
        } catch {
            // What the test left open would end this process in `Loop.deinit`, and hide the failure.
            _ = Unmanaged.passRetained(loop)
            throw error
        }
        loop.run()
    }
    if freed != nil { throw LoopIsLeaked() }
}

extension Loop {
    /// Runs until `condition` holds.
    package func run(
        until what: String, within milliseconds: UInt64 = 10_000, _ condition: () -> Bool
    ) throws {
        var isLate = false
        let limit = Timer(on: self) { isLate = true }
        limit.start(milliseconds: milliseconds)
        defer { limit.close() }
        while !condition() {
            if isLate { throw TooLate(description: "not within \(milliseconds) ms: \(what)") }
            runOnce()
        }
    }
}
