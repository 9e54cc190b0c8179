/// How templates and workers end, as the supervisor sees it.
package enum ExitCode: Int32, Sendable {
    /// Told to leave, and left.
    case success = 0
    /// ONNX Runtime is missing, unloadable or too old: nothing can be loaded until somebody acts.
    case libraryUnusable = 20
    /// The model cannot be loaded or fails its self-test, now and after a restart.
    case modelUnusable = 21
    /// The system refused something that every process needs: a socket, a pipe, memory.
    case systemFailure = 22
    /// The supervisor ended first, or sends what is no message.
    case parentGone = 23
}
