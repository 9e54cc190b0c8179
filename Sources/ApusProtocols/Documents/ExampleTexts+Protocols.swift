import ApusWire

/// The example in the forms of other servers' protocols.
extension ExampleTexts {
    /// Bodies of TensorFlow Serving's `:predict`: by row, where the answers have rows, and by column.
    var tensorFlow: [String] {
        guard tensors.allSatisfy({ !$0.elements.isEmpty }) else { return [] }
        let columns = "{\"inputs\":\(wholeTensors)}"
        return schema.isBatchable ? ["{\"instances\":[\(record(0))]}", columns] : [columns]
    }

    /// Bodies of MLflow's `/invocations`: an object of tensors, and a table where rows are lists of values.
    var mlflow: [String] { inBase64.plainMLflow }

    private var plainMLflow: [String] {
        guard tensors.allSatisfy({ !$0.elements.isEmpty }) else { return [] }
        let inputs = "{\"inputs\":\(wholeTensors)}"
        guard schema.isBatchable, tensors[0].shape[0] == 1, isTable else { return [inputs] }
        let columns = schema.features.map { quoted($0.name) }.joined(separator: ",")
        let isNamed = schema.inputs.count > 1 || schema.hasColumns
        let names = isNamed ? "\"columns\":[\(columns)]," : ""
        return ["{\"dataframe_split\":{\(names)\"data\":[\(row)]}}", inputs]
    }

    /// A row is a list of single values.
    private var isTable: Bool {
        if tensors.count == 1, tensors[0].shape.count == 2 { return !schema.hasColumns || !columns.isEmpty }
        return !schema.hasColumns && tensors.allSatisfy { $0.spec.isOneValue(from: 1) && $0.elements.count == 1 }
    }

    private var wholeTensors: String {
        "{" + tensors.map { "\(quoted($0.spec.name)):\(Self.list($0, from: 0))" }.joined(separator: ",") + "}"
    }
}
