import Glibc

/// A model file's bytes in memory of our own. Freed with this value.
struct ModelFile: ~Copyable {
    /// Protocol Buffers hold at most 2 GiB (protobuf.dev, "Proto Limits"); larger models keep their
    /// weights in files of their own.
    static let byteCountLimit = 1 << 31

    let path: String
    private let memory: UnsafeMutableRawBufferPointer

    /// - Throws: `modelMissing`, or `notONNX` for an empty or impossibly large file.
    init(_ path: String) throws(EngineError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .modelMissing(path: path, reason: Self.reason()) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .modelMissing(path: path, reason: Self.reason()) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .modelMissing(path: path, reason: "it is not a file")
        }
        let byteCount = Int(status.st_size)
        guard byteCount > 0 else { throw .notONNX(path: path, reason: "it is empty") }
        guard byteCount < Self.byteCountLimit else {
            throw .notONNX(path: path, reason: "it has \(byteCount) bytes, ONNX files less than 2 GiB")
        }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
        guard Self.read(file, into: memory) else {
            memory.deallocate()
            throw .modelMissing(path: path, reason: "it changed while it was read")
        }
        self.path = path
        self.memory = memory
    }

    deinit { memory.deallocate() }

    /// The whole file. Valid as long as this value.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }

    /// The folder it lies in: `.` for a bare name.
    var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func read(_ file: CInt, into memory: UnsafeMutableRawBufferPointer) -> Bool {
        var filled = 0
        while filled < memory.count {
            let count = Glibc.read(file, memory.baseAddress! + filled, memory.count - filled)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            filled += count
        }
        return true
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
