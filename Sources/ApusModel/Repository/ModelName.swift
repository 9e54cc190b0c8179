/// What models may be called: the names go into URLs, metric labels and process titles. Triton's models
/// may have spaces in theirs.
package enum ModelName {
    /// The most characters.
    package static let limit = 128

    /// 1 to `limit` of `A-Z a-z 0-9 . _ -` and space; not a dot first.
    package static func isValid(_ name: String) -> Bool {
        guard (1...limit).contains(name.utf8.count), name.utf8.first != UInt8(ascii: ".") else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"), UInt8(ascii: " "):
                true
            default: false
            }
        }
    }
}
