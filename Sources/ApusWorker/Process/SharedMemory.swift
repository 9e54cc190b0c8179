import CProcess
import Glibc

/// Memory that several processes see: a file without a name, handed on by its descriptor.
package enum SharedMemory {
    /// A new file of `byteCount` zeroes.
    /// - Returns: its descriptor, closed on exec; the caller owns it.
    package static func create(byteCount: Int) throws(SystemError) -> Int32 {
        try SystemError.check(apus_memory_file("apus", byteCount), "memfd_create")
    }

    /// The file's bytes, seen by everybody who maps it. Stay mapped until the process ends; the descriptor
    /// may be closed.
    package static func map(_ descriptor: Int32, byteCount: Int) throws(SystemError) -> UnsafeMutableRawBufferPointer {
        guard let memory = apus_map_shared(descriptor, byteCount) else {
            throw SystemError(call: "mmap", code: errno)
        }
        return UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    }
}
