import ApusWire
import Glibc

// Reads byte streams on standard input, each after its length (32 bits, little-endian), and writes
// one line for each: what this project's parser makes of it. Tests/clients/http_differential.py
// compares that with others.

/// Reads exactly `count` bytes; nil at the end of the input.
func readExactly(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
        let got = bytes.withUnsafeMutableBytes { read(0, $0.baseAddress! + filled, count - filled) }
        guard got > 0 else { return nil }
        filled += got
    }
    return bytes
}

func writeAll(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        guard count > 0 else { exit(1) }
        bytes = bytes.dropFirst(count)
    }
}

var lines = ""
while let header = readExactly(4) {
    let count = header.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard let stream = count == 0 ? [] : readExactly(count) else { break }
    lines += stream.withUnsafeBytes { Verdict(on: $0).line } + "\n"
    if lines.utf8.count > 1 << 16 {
        writeAll(lines)
        lines = ""
    }
}
writeAll(lines)
