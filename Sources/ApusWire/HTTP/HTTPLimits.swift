/// How much of each part of a request is read before it is refused. Bodies have a limit of their
/// own, per model.
package struct HTTPLimits: Sendable, Equatable {
    /// A method's name. The longest that we know has 7 bytes; beyond the limit the answer is 501.
    package var methodByteCount = 32
    /// The request target. RFC 9112 §3 asks for at least 8000; beyond it the answer is 414.
    package var targetByteCount = 8000
    /// Request line and header section together, with the empty line at the end. Beyond it the
    /// answer is 431.
    package var headByteCount = 16 * 1024
    /// Fields in the header section. Beyond it the answer is 431.
    package var fieldCount = 100
    /// All chunk extensions of one body together. Nobody uses them, and they cost the reader work.
    package var chunkExtensionByteCount = 1024
    /// The trailer section with the empty line at its end. Beyond it the answer is 431.
    package var trailerByteCount = 8 * 1024

    package init() {}
}
