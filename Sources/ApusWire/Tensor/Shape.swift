/// The dimensions of a tensor, inline: copying one allocates nothing.
package struct Shape: Sendable {
    /// The largest rank we serve. ONNX sets no bound; models of the field stay below it.
    package static let rankLimit = 8
    /// What the other dimensions of a tensor without elements may come to, in elements: as many rows as a run may ever
    /// be set to have (`max-batch`).
    package static let emptyClaimLimit = 65_536

    @usableFromInline
    var dimensions = InlineArray<8, Int>(repeating: 0)
    /// How many dimensions there are; 0 for a scalar.
    @usableFromInline
    package internal(set) var rank = 0

    package init() {}

    /// - Parameter dimensions: at most `rankLimit`.
    package init(_ dimensions: some Sequence<Int>) {
        for dimension in dimensions { append(dimension) }
    }

    @inlinable
    package subscript(index: Int) -> Int {
        get {
            precondition(index < rank, "a shape is read within its rank")
            return dimensions[index]
        }
        set {
            precondition(index < rank, "a shape is written within its rank")
            dimensions[index] = newValue
        }
    }

    package mutating func append(_ dimension: Int) {
        precondition(rank < Shape.rankLimit, "the rank was checked by who reads the shape")
        dimensions[rank] = dimension
        rank += 1
    }

    /// The number of elements: 1 for a scalar, 0 when any dimension is 0, nil when it does not fit an Int
    /// or a dimension is negative.
    @inlinable
    @inline(__always)
    package var elementCount: Int? {
        var product = 1
        for index in 0..<rank {
            guard dimensions[index] >= 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: dimensions[index])
            // A zero further on makes the product 0, but a shape that big is no tensor of ours either.
            guard !overflow else { return nil }
            product = next
        }
        return product
    }

    /// The dimensions as an array, for messages and tests.
    package var array: [Int] { (0..<rank).map { dimensions[$0] } }
}

extension Shape: Equatable {
    package static func == (left: Shape, right: Shape) -> Bool {
        guard left.rank == right.rank else { return false }
        for index in 0..<left.rank where left.dimensions[index] != right.dimensions[index] { return false }
        return true
    }
}

extension Shape: CustomStringConvertible {
    /// As the protocols print it: `[1,224,224,3]`.
    package var description: String { "[" + array.map(String.init).joined(separator: ",") + "]" }
}
