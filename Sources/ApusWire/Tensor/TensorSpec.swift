/// The names of the classes that a tensor's last dimension stands for, in order.
package enum ClassLabels: Equatable, Sendable {
    case strings([String])
    case integers([Int64])

    package var count: Int {
        switch self {
        case .strings(let labels): labels.count
        case .integers(let labels): labels.count
        }
    }

    /// The label at `index` as text.
    package func text(_ index: Int) -> String {
        switch self {
        case .strings(let labels): labels[index]
        case .integers(let labels): String(labels[index])
        }
    }
}

/// What a model says of one of its inputs or outputs.
package struct TensorSpec: Equatable, Sendable {
    package var name: String
    package var elementType: ElementType
    /// Nil is a dimension that may be any size. At most `Shape.rankLimit` of them.
    package var shape: [Int?]
    /// For an output of class probabilities: the classes, in the order of the last dimension. Known from the
    /// graph (scikit-learn's ZipMap); nil elsewhere.
    package var labels: ClassLabels?

    package init(
        name: String, elementType: ElementType, shape: [Int?], labels: ClassLabels? = nil
    ) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.labels = labels
    }

    /// `[-1,4]`: -1 for a dimension of any size, as the Open Inference Protocol writes it.
    package var shapeText: String {
        "[" + shape.map { String($0 ?? -1) }.joined(separator: ",") + "]"
    }
}
