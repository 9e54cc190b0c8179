import ApusWire

/// How a value of a feature is written, where that is not how an element of its tensor is.
struct ValueForm {
    /// `true` and `false` stand for 1 and 0, whatever the tensor's numbers are.
    var isBool = false
    /// A text is base64 of the bytes meant: JSON and CSV have no bytes.
    var isBase64 = false

    /// An element as its tensor's type has it.
    init() {}

    init(_ feature: FeatureSpec) {
        isBool = feature.elementType == .bool
        isBase64 = feature.isBase64
    }
}

/// How the values of one input are written.
final class InputForms {
    /// One for every value, or one for each column.
    private let forms: [ValueForm]
    private let areColumns: Bool
    /// Some of its texts are base64.
    let hasBase64: Bool

    init(_ schema: ModelSchema, input index: Int) {
        let features = schema.features.filter { $0.input == index }
        forms = features.map { ValueForm($0) }
        areColumns = features.contains { $0.column != nil }
        hasBase64 = features.contains { $0.isBase64 }
    }

    /// - Parameters:
    ///   - element: counted from the beginning of a row.
    ///   - width: how many elements the last dimension has.
    func form(ofElement element: Int, width: Int) -> ValueForm {
        let place = areColumns ? element % max(width, 1) : 0
        return place < forms.count ? forms[place] : ValueForm()
    }
}

/// How the elements of one tensor are written: its input's forms, and where its rows begin.
struct TensorForms {
    private let forms: InputForms
    private let width: Int

    /// - Parameter shape: the tensor's, with its rows.
    init(_ forms: InputForms, _ shape: Shape) {
        self.forms = forms
        width = shape.rank > 1 ? shape[shape.rank - 1] : 1
    }

    var hasBase64: Bool { forms.hasBase64 }

    /// - Parameter element: counted from the beginning of a row.
    func form(ofElement element: Int) -> ValueForm { forms.form(ofElement: element, width: width) }
}
