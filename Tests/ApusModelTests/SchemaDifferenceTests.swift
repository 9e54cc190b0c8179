import ApusModel
import ApusWire
import Testing

@Suite("what changed between two versions")
struct SchemaDifferenceTests {
    static let serving = schema()

    /// A model with a matrix of two columns, and one output.
    static func schema(_ change: (inout ModelSchema) -> Void = { _ in }) -> ModelSchema {
        var schema = ModelSchema(
            name: "m", version: 1, inputs: [TensorSpec(name: "x", elementType: .float32, shape: [nil, 2])],
            outputs: [TensorSpec(name: "y", elementType: .float32, shape: [nil, 3], labels: .integers([0, 1, 2]))],
            isBatchable: true, maxBatchRowCount: 8)
        schema.features = [
            FeatureSpec(name: "a", input: 0, column: 0, elementType: .float32),
            FeatureSpec(name: "b", input: 0, column: 1, elementType: .int64),
        ]
        schema.features[1].isRequired = false
        schema.features[1].maximum = 9
        change(&schema)
        return schema
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var from = SchemaDifferenceTests.serving
        let to: ModelSchema
        /// With `+` before those that clients do not notice.
        let changes: [String]
    }

    static let rows = [
        Row(testDescription: "nothing", to: serving, changes: []),
        Row(testDescription: "another version, batched otherwise",
            to: schema { ($0.version, $0.isBatchable) = (2, false) }, changes: []),
        Row(testDescription: "a column renamed", to: schema { $0.features[0].name = "c" },
            changes: ["column 'a' was renamed to 'c'"]),
        Row(testDescription: "two columns swapped",
            to: schema { ($0.features[0].column, $0.features[1].column) = (1, 0) },
            changes: ["column 'a' was number 1 and is now number 2", "column 'b' was number 2 and is now number 1"]),
        Row(testDescription: "a column removed",
            to: schema { $0.inputs[0].shape = [nil, 1]; $0.features.removeLast() },
            changes: ["input 'x' had shape [-1,2] and has now [-1,1]", "column 'b' was removed"]),
        Row(testDescription: "a column retyped to what holds less", to: schema { $0.features[0].elementType = .int64 },
            changes: ["column 'a' was FP32 and is now INT64"]),
        Row(testDescription: "a column retyped to what holds more", to: schema { $0.features[1].elementType = .float32 },
            changes: ["+column 'b' was INT64 and is now FP32"]),
        Row(testDescription: "newly required", to: schema { $0.features[1].isRequired = true },
            changes: ["column 'b' was optional and is now required"]),
        Row(testDescription: "other values",
            to: schema {
                $0.features[0].categories = [.integer(1)]
                $0.features[1].maximum = 8
                $0.features[1].defaultValue = .integer(3)
            },
            changes: [
                "column 'a' takes only some values now",
                "+column 'b' was expected to be 9 or less and is now 8 or less",
                "+the default of column 'b' was none and is now '3'",
            ]),
        Row(testDescription: "columns named for the first time",
            from: schema { $0.features = FeatureSpec.whole($0.inputs) }, to: serving, changes: []),
        Row(testDescription: "columns named no more", to: schema { $0.features = FeatureSpec.whole($0.inputs) },
            changes: ["column 'a' was removed", "column 'b' was removed"]),
        Row(testDescription: "an input renamed",
            from: schema { $0.features = FeatureSpec.whole($0.inputs) },
            to: schema { $0.inputs[0].name = "z"; $0.features = FeatureSpec.whole($0.inputs) },
            changes: ["input 'x' was renamed to 'z'"]),
        Row(testDescription: "an input retyped and of any size",
            from: schema { $0.features = FeatureSpec.whole($0.inputs) },
            to: schema {
                $0.inputs[0].elementType = .float64
                $0.inputs[0].shape = [nil, nil]
                $0.features = FeatureSpec.whole($0.inputs)
            },
            changes: ["input 'x' was FP32 and is now FP64", "+input 'x' had shape [-1,2] and has now [-1,-1]"]),
        Row(testDescription: "a text that is base64 now",
            from: schema { $0.inputs[0].elementType = .string },
            to: schema {
                $0.inputs[0].elementType = .string
                $0.features[0].isBase64 = true
            },
            changes: ["column 'a' was plain text and is now base64"]),
        Row(testDescription: "a new input",
            to: schema {
                $0.inputs.append(TensorSpec(name: "w", elementType: .float32, shape: [nil, 1]))
                $0.features.append(FeatureSpec(name: "w", input: 1, elementType: .float32))
            },
            changes: ["input 'w' is new and required"]),
        Row(testDescription: "a new input that may be missing",
            to: schema {
                $0.inputs.append(TensorSpec(name: "w", elementType: .float32, shape: [nil, 1]))
                $0.features.append(FeatureSpec(name: "w", input: 1, elementType: .float32))
                $0.features[2].isRequired = false
            },
            changes: ["+input 'w' is new"]),
        Row(testDescription: "an output removed and another one there",
            to: schema { $0.outputs[0].name = "z" },
            changes: ["output 'y' was removed", "output 'z' is new where there was only 'y'"]),
        Row(testDescription: "an output of other classes", to: schema { $0.outputs[0].labels = .integers([0, 2, 1]) },
            changes: ["output 'y' has other class labels now"]),
        Row(testDescription: "an output of another type and rank",
            to: schema { ($0.outputs[0].elementType, $0.outputs[0].shape) = (.float64, [nil]) },
            changes: ["output 'y' was FP32 and is now FP64", "output 'y' had shape [-1,3] and has now [-1]"]),
    ]

    @Test("each change is named, and clients either notice or not", arguments: rows)
    func names(_ row: Row) {
        let difference = SchemaDifference(from: row.from, to: row.to)
        #expect(difference.changes.map { ($0.isCompatible ? "+" : "") + $0.text } == row.changes)
        #expect(difference.isCompatible == row.changes.allSatisfy { $0.hasPrefix("+") })
    }

    @Test("a schema goes through bytes unchanged")
    func encodes() throws {
        let schema = Self.schema {
            $0.features[0].categories = [.bool(true), .integer(-3), .number(0.5), .text("é")]
            $0.features[0].defaultValue = .text("x")
            $0.features[0].minimum = -1.5
            $0.features[0].summary = "about"
            $0.outputs.append(TensorSpec(name: "z", elementType: .string, shape: [], labels: .strings(["a", "b"])))
            $0.parameters = [ParameterSpec(name: "p", elementType: .float64, isList: true, defaultText: "[1]")]
        }
        var decoded = try ModelSchema(encoded: schema.encoded, name: "m", version: 1)
        decoded.isBatchable = true
        decoded.maxBatchRowCount = 8
        #expect(decoded == schema)
        #expect(throws: ControlError.truncated) {
            try ModelSchema(encoded: schema.encoded.dropLast(1), name: "m", version: 1)
        }
        #expect(throws: ControlError.unknownKind(9)) {
            try ModelSchema(encoded: [9] + schema.encoded.dropFirst(), name: "m", version: 1)
        }
    }
}
