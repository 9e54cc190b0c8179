/// Whether the bytes are this text. No String is made.
func ~= (text: StaticString, bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    for index in 0..<bytes.count where bytes[index] != text.utf8Start[index] { return false }
    return true
}

/// Which keys of an object were met: a protocol's own key twice is a fault of the body, whichever of the two
/// a lenient parser would have taken.
struct SeenKeys: OptionSet {
    let rawValue: UInt32

    /// - Returns: false when the key was met before.
    mutating func meet(_ key: SeenKeys) -> Bool { insert(key).inserted }
}
