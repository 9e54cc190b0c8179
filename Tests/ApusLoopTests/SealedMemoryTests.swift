import Glibc
import LoopTesting
import Testing

@testable import ApusLoop

@Suite("Sealed memory")
struct SealedMemoryTests {
    @Test("who maps it reads what is written, to its end")
    func isShared() throws {
        let memory = try SealedMemory(byteCount: 100_000)
        #expect(memory.bytes.count == 100_000 && memory.bytes.allSatisfy { $0 == 0 })
        let other = mmap(nil, 100_000, PROT_READ, MAP_SHARED, memory.descriptor, 0)
        let view = UnsafeRawBufferPointer(start: other, count: 100_000)
        let bytes = pattern(100_000)
        memory.bytes.copyBytes(from: bytes)
        #expect(view.elementsEqual(bytes))
        munmap(other, 100_000)
    }

    @Test("its size is what it was for ever", arguments: [0, 4096, 99_999, 1 << 20])
    func cannotChange(_ byteCount: Int) throws {
        let memory = try SealedMemory(byteCount: 100_000)
        #expect(ftruncate(memory.descriptor, byteCount) == -1 && errno == EPERM)
        #expect(lseek(memory.descriptor, 0, SEEK_END) == 100_000)
    }

    @Test("who gets the descriptor for readers cannot write")
    func readers() throws {
        let memory = try SealedMemory(byteCount: 4096)
        #expect(memory.readOnlyDescriptor != memory.descriptor)
        memory.bytes[5] = 7
        var byte: UInt8 = 0
        #expect(pread(memory.readOnlyDescriptor, &byte, 1, 5) == 1 && byte == 7)
        #expect(pwrite(memory.readOnlyDescriptor, &byte, 1, 0) == -1 && errno == EBADF)
        let writable = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory.readOnlyDescriptor, 0)
        #expect(writable == MAP_FAILED && errno == EACCES)
        #expect(fcntl(memory.readOnlyDescriptor, F_GETFD) == FD_CLOEXEC)
    }

    @Test("it reaches no program that is started, and is closed with its object")
    func descriptor() throws {
        var memory: SealedMemory? = try SealedMemory(byteCount: 4096)
        let descriptor = try #require(memory?.descriptor)
        #expect(fcntl(descriptor, F_GETFD) == FD_CLOEXEC)
        // A second descriptor of the same file tells when nobody has the first any more: tests run at once, and
        // the number may be somebody else's by then.
        let name = link(descriptor)
        #expect(name.contains("memfd:apus-body"))
        memory = nil
        #expect(link(descriptor) != name)
    }

    @Test("what cannot be made is an error with the call that failed")
    func fails() {
        #expect(throws: UVError.self) { try SealedMemory(byteCount: 0) }
        #expect(throws: UVError.self) { try SealedMemory(byteCount: .max) }
    }

    /// What a descriptor stands for, by name and inode.
    private func link(_ descriptor: CInt) -> String {
        var facts = stat()
        fstat(descriptor, &facts)
        var text = [CChar](repeating: 0, count: 256)
        let count = readlink("/proc/self/fd/\(descriptor)", &text, text.count)
        let name = String(decoding: text.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return "\(name) \(facts.st_ino)"
    }
}

@Suite("Passing a descriptor")
struct PassingTests {
    @Test("it comes with the bytes, in their place among others")
    func passes() throws {
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let stream = try Stream.adopt(ours, on: loop)
            let memory = try SealedMemory(byteCount: 4096)
            memory.bytes[7] = 42
            #expect(try [UInt8]([1, 2]).withUnsafeBytes { try stream.tryWrite([IOBuffer($0)]) } == 2)
            #expect([UInt8]([3, 4, 5]).withUnsafeBytes { stream.tryWrite($0, passing: memory.descriptor) })
            #expect(try [UInt8]([6]).withUnsafeBytes { try stream.tryWrite([IOBuffer($0)]) } == 1)
            // The kernel ends a read behind the bytes that a descriptor came with (unix(7)).
            let first = receiveWithDescriptor(theirs)
            #expect(first.bytes == [1, 2, 3, 4, 5])
            let passed = try #require(first.descriptor)
            var byte: UInt8 = 0
            #expect(pread(passed, &byte, 1, 7) == 1 && byte == 42)
            let second = receiveWithDescriptor(theirs)
            #expect(second.bytes == [6] && second.descriptor == nil)
            close(passed)
            stream.close()
            SocketPair.close(theirs)
        }
    }

    @Test("nothing is written when the socket is full, or writes are queued")
    func full() throws {
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let stream = try Stream.adopt(ours, on: loop)
            let memory = try SealedMemory(byteCount: 4096)
            let head = [UInt8](repeating: 9, count: 64)
            var sent = 0
            while head.withUnsafeBytes({ stream.tryWrite($0, passing: memory.descriptor) }) { sent += 1 }
            #expect(sent > 10 && errno == EAGAIN)
            try pattern(100).withUnsafeBytes { try stream.send($0) }
            #expect(stream.queuedByteCount == 100)
            var received: [UInt8] = []
            for _ in 0..<sent {
                let part = receiveWithDescriptor(theirs)
                received += part.bytes
                if let passed = part.descriptor { close(passed) }
            }
            #expect(received == [UInt8](repeating: 9, count: 64 * sent))
            #expect(!head.withUnsafeBytes { stream.tryWrite($0, passing: memory.descriptor) }, "behind what is queued")
            stream.close()
            SocketPair.close(theirs)
        }
    }

    @Test("a peer that is gone, and a stream that is closed, take nothing")
    func gone() throws {
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let stream = try Stream.adopt(ours, on: loop)
            let memory = try SealedMemory(byteCount: 4096)
            SocketPair.close(theirs)
            #expect(![UInt8]([1]).withUnsafeBytes { stream.tryWrite($0, passing: memory.descriptor) })
            stream.close()
            #expect(![UInt8]([1]).withUnsafeBytes { stream.tryWrite($0, passing: memory.descriptor) })
        }
    }
}
