import CSimdJSON

/// A string of the client as it may stand in an error: short, and whatever its bytes are.
func shown(_ bytes: UnsafeRawBufferPointer) -> String {
    let text = String(decoding: bytes.prefix(100), as: UTF8.self)
    return bytes.count > 100 ? text + "…" : text
}

/// The same of a text.
func shown(_ text: String) -> String { Array(text.utf8).withUnsafeBytes { shown($0) } }

/// The text as JSON, with its quotes. For what is made once, at start.
func quoted(_ text: String) -> String {
    var text = text
    return text.withUTF8 { utf8 in
        String(unsafeUninitializedCapacity: utf8.count * 6 + 2) { out in
            guard let base = out.baseAddress else { return 0 }
            return apus_json_write_string(base, utf8.baseAddress, utf8.count)
        }
    }
}
