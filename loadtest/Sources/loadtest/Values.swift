import ArgumentParser
import LoadtestCore

/// A time with its unit: `250us`, `20ms`, `1.5s`, `2m`.
struct Span: ExpressibleByArgument {
    let nanoseconds: UInt64
    let text: String

    init?(argument: String) {
        guard let value = Quantity.nanoseconds(argument) else { return nil }
        nanoseconds = value
        text = argument
    }

    var defaultValueDescription: String { text }
}

/// A number that may be written `1.5k` or `2M`.
struct Number: ExpressibleByArgument {
    let value: Double

    init?(argument: String) {
        guard let value = Quantity.count(argument), value > 0 else { return nil }
        self.value = value
    }
}

/// `500`, `2k`, or `3x`: a rate or a multiple of the capacity.
struct Rate: ExpressibleByArgument {
    let rate: Options.Rate

    init?(argument: String) {
        if argument.hasSuffix("x") {
            guard let times = Double(argument.dropLast()), times > 0 else { return nil }
            rate = .timesCapacity(times)
        } else {
            guard let value = Quantity.count(argument), value > 0, value <= 1e7 else { return nil }
            rate = .perSecond(value)
        }
    }
}

/// `2%` or `0.02`.
struct Share: ExpressibleByArgument {
    let value: Double

    init?(argument: String) {
        let isPercent = argument.hasSuffix("%")
        guard let number = Double(isPercent ? String(argument.dropLast()) : argument) else {
            return nil
        }
        value = isPercent ? number / 100 : number
        guard value > 0.0005, value < 1 else { return nil }
    }
}

/// `1` or `1,8,32`.
struct RowCounts: ExpressibleByArgument {
    let counts: [Int]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        counts = parts.compactMap { Int($0) }
        guard counts.count == parts.count, counts.allSatisfy({ $0 > 0 }) else { return nil }
    }
}

/// `NAME` or `NAME=WEIGHT`.
struct WeightedModel: ExpressibleByArgument {
    let name: String
    let weight: Int

    init?(argument: String) {
        let sides = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard let first = sides.first, !first.isEmpty, sides.count <= 2 else { return nil }
        name = String(first)
        guard sides.count == 2 else {
            weight = 1
            return
        }
        guard let number = Int(sides[1]), number > 0, number <= 1000 else { return nil }
        weight = number
    }
}

extension RequestFormat: ExpressibleByArgument {}
extension Payload.Filling: ExpressibleByArgument {}
