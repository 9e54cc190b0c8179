import CZlib

/// gzip (RFC 1952) through zlib.
package enum Gzip {
    /// A larger answer is refused rather than inflated.
    package static let byteLimit = 256 << 20

    package static func deflate(_ bytes: [UInt8]) -> [UInt8] {
        compress(bytes, windowBits: 15 + 16)
    }

    /// The zlib format (RFC 1950).
    package static func zlib(_ bytes: [UInt8]) -> [UInt8] { compress(bytes, windowBits: 15) }

    private static func compress(_ bytes: [UInt8], windowBits: CInt) -> [UInt8] {
        var stream = z_stream()
        precondition(apus_deflate_init(&stream, 6, windowBits) == Z_OK, "zlib has memory")
        defer { deflateEnd(&stream) }
        var output = [UInt8](
            repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 32)
        var input = bytes
        let count = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output -> Int in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                let code = CZlib.deflate(&stream, Z_FINISH)
                precondition(code == Z_STREAM_END, "the output has room for the bound")
                return output.count - Int(stream.avail_out)
            }
        }
        return Array(output[..<count])
    }

    package static func inflate(_ bytes: UnsafeRawBufferPointer) throws(WrongAnswer) -> [UInt8] {
        var stream = z_stream()
        guard apus_inflate_init(&stream, 15 + 32) == Z_OK else {
            throw WrongAnswer("out of memory")
        }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(bytes.count)
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        var code = Z_OK
        while code == Z_OK {
            let count = piece.withUnsafeMutableBufferPointer { piece -> Int in
                stream.next_out = piece.baseAddress
                stream.avail_out = UInt32(piece.count)
                code = CZlib.inflate(&stream, Z_NO_FLUSH)
                return piece.count - Int(stream.avail_out)
            }
            output.append(contentsOf: piece[..<count])
            guard output.count <= byteLimit else {
                throw WrongAnswer("the answer inflates beyond 256 MiB")
            }
        }
        guard code == Z_STREAM_END else { throw WrongAnswer("the answer's gzip body is broken") }
        return output
    }
}
