/// The lines of Prometheus' text format.
extension TextSink {
    mutating func family(_ family: MetricFamily) {
        self.family(family.name, family.type, family.help)
    }

    mutating func family(_ name: StaticString, _ type: MetricFamily.Kind, _ help: StaticString) {
        append("# HELP ")
        append(name)
        append(" ")
        append(help)
        append("\n# TYPE ")
        append(name)
        append(" ")
        append(type.text)
        append("\n")
    }

    mutating func endLine(_ value: UInt64) {
        append(decimal: value)
        append("\n")
    }

    mutating func series(_ name: StaticString, _ value: UInt64) {
        append(name)
        append(" ")
        endLine(value)
    }

    mutating func series(_ name: StaticString, _ labels: [UInt8], _ value: UInt64) {
        append(name)
        append("{")
        append(labels)
        append("} ")
        endLine(value)
    }

    mutating func append(code: UInt64) {
        if code == 0 { append("other") } else { append(decimal: code) }
    }

    /// - Parameters:
    ///   - words: the buckets, then the sum.
    ///   - bounds: each bucket's, with `"} ` behind it.
    ///   - unitsPerOne: what the sum is divided by.
    mutating func histogram(
        _ name: StaticString, _ labels: [UInt8], _ words: ArraySlice<UInt64>, _ bounds: [[UInt8]],
        unitsPerOne: UInt64
    ) {
        // With hundreds of models most of the text is buckets: what their lines begin with is made once.
        let start = bytes.count
        append(name)
        append("_bucket{")
        append(labels)
        append(",le=\"")
        let beginning = start..<bytes.count
        var count: UInt64 = 0
        for (place, (value, bound)) in zip(words, bounds).enumerated() {
            count &+= value
            if place > 0 { append(again: beginning) }
            append(bound)
            append(decimal: count)
            append(byte: UInt8(ascii: "\n"))
        }
        append(name)
        append("_sum{")
        append(labels)
        append("} ")
        append(words[words.endIndex - 1], per: unitsPerOne)
        append("\n")
        append(name)
        append("_count{")
        append(labels)
        append("} ")
        endLine(count)
    }
}
