import COnnxRuntime
import Glibc

/// The inference library, opened once per process. It is never closed, and what it made for the whole
/// process is never released: sessions and their threads' storage may outlive this object.
///
/// Opening it creates no thread: sessions run on the thread that calls them.
package final class OnnxRuntime {
    /// The oldest release that will do, in words; see `ORT_TABLE_VERSION`.
    static let oldestVersion = "1.18"

    /// Where it was loaded from: a path, or a name that the dynamic linker found.
    package let path: String
    /// The library's own version, such as `1.28.0`.
    package let version: String
    let api: UnsafePointer<OrtApi>
    let environment: OpaquePointer
    /// The library's default CPU allocator. It belongs to the library.
    let allocator: OpaquePointer
    /// Says that a tensor's memory is ordinary memory.
    let memoryInfo: OpaquePointer

    /// Opens the library: `explicit` (the flag) if given, else what `APUS_ONNXRUNTIME` names, else one
    /// beside the executable, else one on the system's library path.
    ///
    /// - Throws: `EngineError` of kind `library`.
    package static func load(_ explicit: String? = nil) throws(EngineError) -> OnnxRuntime {
        // Releases from 1.29 on report usage from a thread of their own unless told not to; forks and
        // users both want them not to.
        if getenv("ORT_DISABLE_TELEMETRY") == nil { setenv("ORT_DISABLE_TELEMETRY", "1", 0) }
        let candidates = LibrarySearch.candidates(explicit: explicit)
        for candidate in candidates where !LibrarySearch.isAbsent(candidate) {
            if let library = dlopen(candidate, RTLD_NOW | RTLD_LOCAL) {
                return try OnnxRuntime(library, path: candidate)
            }
            let reason = dlerror().map { String(cString: $0) } ?? "no reason given"
            // By name alone the linker says the same of "none there"; a path was seen to exist.
            if candidate.contains("/") || !reason.contains("No such file") {
                throw .libraryUnloadable(path: candidate, reason: reason)
            }
        }
        throw .libraryMissing(searched: candidates)
    }

    private init(_ library: UnsafeMutableRawPointer, path: String) throws(EngineError) {
        guard let symbol = dlsym(library, "OrtGetApiBase") else {
            throw .libraryUnloadable(path: path, reason: "it has no OrtGetApiBase")
        }
        let getBase = unsafeBitCast(symbol, to: OrtGetApiBaseFunction.self)
        guard let base = getBase() else {
            throw .libraryUnloadable(path: path, reason: "OrtGetApiBase gave nothing")
        }
        let version = base.pointee.GetVersionString().map { String(cString: $0) } ?? "of no version"
        guard let api = base.pointee.GetApi(UInt32(ORT_TABLE_VERSION)) else {
            throw .libraryTooOld(path: path, found: version, wanted: Self.oldestVersion)
        }
        self.path = path
        self.version = version
        self.api = api
        do {
            (environment, allocator, memoryInfo) = try Self.createShared(api)
        } catch {
            throw .libraryUnloadable(path: path, reason: error.description)
        }
    }

    private static func createShared(
        _ api: UnsafePointer<OrtApi>
    ) throws(OrtError) -> (OpaquePointer, OpaquePointer, OpaquePointer) {
        // Errors reach us as statuses and go to our log once; so the library itself only tells of
        // what is fatal (ORT_LOGGING_LEVEL_FATAL).
        let fatal: OrtLoggingLevel = 4
        let deviceAllocator: OrtAllocatorType = 0
        let defaultMemory: OrtMemoryType = 0
        var environment, allocator, memoryInfo: OpaquePointer?
        try api.check(api.pointee.CreateEnv(fatal, "apus", &environment))
        try api.check(api.pointee.GetAllocatorWithDefaultOptions(&allocator))
        try api.check(api.pointee.CreateCpuMemoryInfo(deviceAllocator, defaultMemory, &memoryInfo))
        guard let environment, let allocator, let memoryInfo else {
            preconditionFailure("the objects are set when the statuses are null")
        }
        return (environment, allocator, memoryInfo)
    }
}
