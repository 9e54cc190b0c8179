import Glibc

/// What a system call reported.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    package let call: StaticString
    /// `errno`.
    package let code: Int32

    package var description: String { "\(call): \(String(cString: strerror(code)))" }

    package static func == (left: SystemError, right: SystemError) -> Bool {
        left.code == right.code && left.description == right.description
    }

    /// Gives back a result that is not negative; throws `errno` otherwise.
    @discardableResult
    static func check<Result: SignedInteger>(
        _ result: Result, _ call: StaticString
    ) throws(SystemError) -> Result {
        guard result >= 0 else { throw SystemError(call: call, code: errno) }
        return result
    }
}
