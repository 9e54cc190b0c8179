/// `host` or `host:port`, as Host and absolute-form targets carry it.
enum HTTPAuthority {
    /// Whether it names a host: a name or IPv4 address of unreserved characters (RFC 3986 §2.3;
    /// what DNS and its neighbours use), or an IPv6 address in brackets, and a port up to 65535 or
    /// none.
    ///
    /// Stricter than RFC 3986 §3.2.2, whose names may hold escapes and sub-delimiters, a comma
    /// among them; no host has such a name. Empty hosts and user names are refused as RFC 9110
    /// §4.2.1 and §4.2.4 say.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first else { return false }
        var index = 0
        if first == UInt8(ascii: "[") {
            guard let end = addressEnd(bytes) else { return false }
            index = end
        } else {
            while index < bytes.count, ByteClass.has(ByteClass.host, bytes[index]) { index += 1 }
            guard index > 0 else { return false }
        }
        if index == bytes.count { return true }
        guard bytes[index] == UInt8(ascii: ":") else { return false }
        return isPort(UnsafeRawBufferPointer(rebasing: bytes[(index + 1)...]))
    }

    /// After the bracket that ends an IPv6 address. Its digits are checked, not their grouping.
    private static func addressEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 1
        var colons = 0
        while index < bytes.count, bytes[index] != UInt8(ascii: "]") {
            let byte = bytes[index]
            if byte == UInt8(ascii: ":") {
                colons += 1
            } else if ByteClass.hexadecimal(byte) == nil, byte != UInt8(ascii: ".") {
                return nil
            }
            index += 1
        }
        return index < bytes.count && colons >= 2 ? index + 1 : nil
    }

    /// `port` is any number of digits, none included (RFC 3986 §3.2.3); a port has 16 bits.
    private static func isPort(_ digits: UnsafeRawBufferPointer) -> Bool {
        var port = 0
        for digit in digits {
            guard ByteClass.isDigit(digit) else { return false }
            port = port * 10 + Int(digit - UInt8(ascii: "0"))
            guard port <= 65535 else { return false }
        }
        return true
    }
}
