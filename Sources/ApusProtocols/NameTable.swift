/// Finds a tensor by its name's bytes, without making a String.
struct NameTable {
    private let names: [[UInt8]]
    /// Places in `names` by hash, open addressing; -1 is free. A power of two in size.
    private var slots: [Int32]

    init(_ names: [String]) {
        self.names = names.map { Array($0.utf8) }
        var size = 8
        while size < 2 * names.count { size *= 2 }
        slots = Array(repeating: -1, count: size)
        for index in names.indices {
            var slot = self.names[index].withUnsafeBytes { NameTable.hash($0) } & (size - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(index)
        }
    }

    /// The index of that name. `hint` is looked at first: callers mostly keep the schema's order.
    func index(of name: UnsafeRawBufferPointer, hint: Int) -> Int? {
        if hint < names.count, isName(hint, name) { return hint }
        var slot = NameTable.hash(name) & (slots.count - 1)
        while slots[slot] >= 0 {
            if isName(Int(slots[slot]), name) { return Int(slots[slot]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isName(_ index: Int, _ name: UnsafeRawBufferPointer) -> Bool {
        guard names[index].count == name.count else { return false }
        return names[index].withUnsafeBytes { candidate in
            for at in 0..<name.count where candidate[at] != name[at] { return false }
            return true
        }
    }

    /// FNV-1a (draft-eastlake-fnv, 64 bits). The table is made from the model's names, so callers cannot fill
    /// a chain.
    private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
