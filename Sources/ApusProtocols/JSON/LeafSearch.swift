import ApusWire
import CSimdJSON

/// Looks for every leaf of an array that an element type cannot hold, after filling a tensor stopped at the first.
struct LeafSearch {
    let elementType: ElementType
    let input: String
    private(set) var problems = ProblemList()
    private var position = 0

    init(elementType: ElementType, input: String) {
        self.elementType = elementType
        self.input = input
    }

    /// - Parameter levels: how deep lists lie in lists, if they do: deeper down, a list is a leaf that does not fit.
    mutating func search(_ value: JSONValue, levels: Int) throws(InferenceError) {
        for element in value.elements {
            if element.kind == .array, levels > 1 {
                try search(element, levels: levels - 1)
            } else {
                try check(element)
                position += 1
            }
        }
    }

    private mutating func check(_ leaf: JSONValue) throws(InferenceError) {
        // Room for any number, and for the place of a text.
        let result = withUnsafeTemporaryAllocation(of: apus_json_text.self, capacity: 1) {
            apus_json_fill_one(leaf.document, leaf.index, elementType.rawValue, $0.baseAddress!)
        }
        guard result.status != APUS_FILL_OK else { return }
        try problems.note(JSONTensorReader.badLeaf(result, at: position, elementType, input))
    }
}
