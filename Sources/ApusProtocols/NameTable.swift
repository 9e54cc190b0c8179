import ApusWire

/// Finds a tensor or a column by its name's bytes, without making a String.
struct NameTable {
    /// The place of the first name that another one before it is equal to; the earlier one is found.
    private(set) var repeated: Int?
    private let names: [[UInt8]]
    /// Places in `names` by hash, open addressing; -1 is free. A power of two in size.
    private var slots: [Int32]
    /// Of a hash that nobody can aim; nil for names that no client gave.
    private let key: (UInt64, UInt64)?

    /// The names of a model: clients look others up in the table, but cannot fill a chain of it.
    init(_ names: [String]) { self.init(names, key: nil) }

    /// Names that a client gave.
    init(given names: [String]) { self.init(names, key: (.random(in: 0 ... .max), .random(in: 0 ... .max))) }

    private init(_ names: [String], key: (UInt64, UInt64)?) {
        self.names = names.map { Array($0.utf8) }
        self.key = key
        var size = 8
        while size < 2 * names.count { size *= 2 }
        slots = Array(repeating: -1, count: size)
        for index in names.indices { insert(index) }
    }

    /// The index of that name. `hint` is looked at first: callers mostly keep the schema's order.
    func index(of name: UnsafeRawBufferPointer, hint: Int) -> Int? {
        if hint < names.count, isName(hint, name) { return hint }
        let found = Int(slots[slot(of: name)])
        return found >= 0 ? found : nil
    }

    private mutating func insert(_ index: Int) {
        let place = names[index].withUnsafeBytes { slot(of: $0) }
        if slots[place] < 0 {
            slots[place] = Int32(index)
        } else if repeated == nil {
            repeated = index
        }
    }

    /// Where that name is, or the free slot where it would be.
    private func slot(of name: UnsafeRawBufferPointer) -> Int {
        var slot = hash(name) & (slots.count - 1)
        while slots[slot] >= 0, !isName(Int(slots[slot]), name) { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private func isName(_ index: Int, _ name: UnsafeRawBufferPointer) -> Bool {
        guard names[index].count == name.count else { return false }
        return names[index].withUnsafeBytes { candidate in
            for at in 0..<name.count where candidate[at] != name[at] { return false }
            return true
        }
    }

    /// SipHash with the table's key, or without one FNV-1a (draft-eastlake-fnv, 64 bits), which is quicker.
    private func hash(_ name: UnsafeRawBufferPointer) -> Int {
        if let key {
            var hash = SipHash(key: key)
            hash.append(name)
            return Int(truncatingIfNeeded: hash.finish())
        }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
