import Glibc

/// Where ONNX Runtime is looked for.
enum LibrarySearch {
    /// The variable that names the library.
    static let variable = "APUS_ONNXRUNTIME"
    /// File names beside the executable, best first.
    private static let names = ["libonnxruntime.so.1.28.0", "libonnxruntime.so.1", "libonnxruntime.so"]

    /// What `dlopen` is given, in order. A library that was named (by flag or variable) is the only
    /// candidate: another one must not take its place unnoticed. A name without `/` is looked up by
    /// the dynamic linker (dlopen(3)).
    static func candidates(explicit: String?) -> [String] {
        if let explicit, !explicit.isEmpty { return [path(explicit)] }
        if let named = getenv(variable), named.pointee != 0 { return [path(String(cString: named))] }
        let beside = executableDirectory().map { folder in names.map { "\(folder)/\($0)" } } ?? []
        return beside + names.dropFirst()
    }

    /// True when the candidate is a path at which there is nothing.
    static func isAbsent(_ candidate: String) -> Bool {
        candidate.contains("/") && access(candidate, F_OK) != 0
    }

    /// A named file in the current folder, so that `--onnxruntime libonnxruntime.so` means that file.
    private static func path(_ named: String) -> String {
        named.contains("/") ? named : "./" + named
    }

    private static func executableDirectory() -> String? {
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            buffer.withMemoryRebound(to: CChar.self) {
                count = max(0, readlink("/proc/self/exe", $0.baseAddress!, $0.count))
            }
        }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return String(decoding: bytes[..<slash], as: UTF8.self)
    }
}
