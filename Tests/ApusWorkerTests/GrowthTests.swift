import Testing

@testable import ApusWorker

@Suite("Growth")
struct GrowthTests {
    static let mebibyte = 1 << 20
    static let limit = 128 * mebibyte

    /// The margin after glances that found so many MiB, `milliseconds` apart.
    static func margin(_ found: [Int], every milliseconds: UInt64) -> Int {
        var growth = Growth(byteLimit: limit)
        for (number, mebibytes) in found.enumerated() {
            growth.saw(mebibytes * mebibyte, at: UInt64(number + 1) * milliseconds * 1_000_000)
        }
        return growth.margin / mebibyte
    }

    @Test("a leak is asked for early, by what it grows until it is replaced, at most a quarter of the limit", arguments: [
        (1, 20 as UInt64, 5), (4, 20, 20), (10, 20, 32), (10, 1, 32), (1, 1000, 0), (5, 250, 2),
    ])
    func leak(each: Int, milliseconds: UInt64, margin: Int) {
        #expect(Self.margin([0, 1, 2, 3].map { $0 * each }, every: milliseconds) == margin)
    }

    @Test("a model that finds its size, or works with more and less, has no margin", arguments: [
        [0, 100, 100, 100], [0, 40, 80, 80], [50, 10, 50, 10, 50], [90, 90, 90, 90], [0, 50], [],
    ])
    func steps(found: [Int]) {
        #expect(Self.margin(found, every: 20) == 0)
    }
}
