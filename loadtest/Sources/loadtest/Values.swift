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
    let text: String

    init?(argument: String) {
        guard let value = Quantity.count(argument), value > 0 else { return nil }
        self.value = value
        text = argument
    }
}

/// `500`, `2k`, or `3x`: a rate or a multiple of the capacity.
struct Rate: ExpressibleByArgument {
    let rate: Options.Rate
    let text: String

    init?(argument: String) {
        if argument.hasSuffix("x") {
            guard let times = Double(argument.dropLast()), times > 0, times.isFinite else {
                return nil
            }
            rate = .timesCapacity(times)
        } else {
            guard let value = Quantity.count(argument) else { return nil }
            rate = .perSecond(value)
        }
        text = argument
    }

    /// - Throws: for a rate that no schedule has. A multiple's is known when the capacity is.
    func checked() throws(UsageError) -> Options.Rate {
        if case .perSecond(let value) = rate { try Limits.check(rate: value, "--rate \(text)") }
        return rate
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
