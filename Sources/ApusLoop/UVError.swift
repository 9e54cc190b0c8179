import CLibuv

/// What a libuv call reported. libuv signals failure by a negative number.
package struct UVError: Error, Equatable, CustomStringConvertible {
    package let code: CInt
    package let call: StaticString

    package init(code: CInt, call: StaticString) {
        self.code = code
        self.call = call
    }

    package var description: String { "\(call): \(String(cString: uv_strerror(code)))" }

    /// The operating system's error number: libuv's codes are its negatives on Unix.
    package var errno: CInt { -code }

    package static func == (left: UVError, right: UVError) -> Bool { left.code == right.code }

    static func check(_ code: CInt, _ call: StaticString) throws(UVError) {
        guard code >= 0 else { throw UVError(code: code, call: call) }
    }
}
