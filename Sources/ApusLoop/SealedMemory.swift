import CLibuv
import Glibc

/// Memory that another process can be given to read: a file without a name (memfd_create(2)), mapped here. Its size
/// is sealed, so that no mapping of it ever reaches behind its end.
///
/// Pages take memory from the time that they are written first.
package final class SealedMemory {
    /// Closed with this object, as is the next.
    package let descriptor: CInt
    /// What to pass to who is only to read; the same as `descriptor` where the system gives none (proc(5), `/proc/PID/fd`).
    package let readOnlyDescriptor: CInt
    /// Zeroes at first, at an address that is a multiple of the page size.
    package let bytes: UnsafeMutableRawBufferPointer

    /// - Throws: when there are no descriptors, no memory or no such files.
    package init(byteCount: Int) throws(UVError) {
        let file = apus_memory_file_create("apus-body")
        guard file >= 0 else { throw UVError(code: -errno, call: "memfd_create") }
        guard ftruncate(file, byteCount) == 0, apus_seal_size(file) == 0,
            let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), start != MAP_FAILED
        else {
            let code = errno
            close(file)
            throw UVError(code: -code, call: "mmap")
        }
        descriptor = file
        let readOnly = open("/proc/self/fd/\(file)", O_RDONLY | O_CLOEXEC)
        readOnlyDescriptor = readOnly >= 0 ? readOnly : file
        bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }

    deinit {
        munmap(bytes.baseAddress!, bytes.count)
        if readOnlyDescriptor != descriptor { close(readOnlyDescriptor) }
        close(descriptor)
    }
}
