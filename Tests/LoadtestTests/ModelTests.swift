import Testing

@testable import LoadtestCore

@Suite("Model descriptions")
struct ModelInfoTests {
    @Test("V2 metadata is read")
    func openInference() throws {
        let json = try JSON.parse(
            #"{"name":"iris","versions":["1"],"platform":"onnx","inputs":[{"name":"X","datatype":"FP32","shape":[-1,4]}],"outputs":[{"name":"label","datatype":"INT64","shape":[-1]}]}"#
        )
        let model = try #require(ModelInfo(openInference: json, version: nil))
        #expect(model.inputs == [ModelInfo.Tensor(name: "X", datatype: .fp32, shape: [-1, 4])])
        #expect(model.takesRows)
    }

    @Test("TensorFlow Serving's metadata is read, sizes as texts")
    func tensorFlow() throws {
        let json = try JSON.parse(
            #"{"metadata":{"signature_def":{"signature_def":{"serving_default":{"inputs":{"x":{"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"-1"},{"size":"4"}]}}},"outputs":{"y":{"dtype":"DT_STRING","tensor_shape":{"dim":[{"size":"-1"}]}}}}}}}}"#
        )
        let model = try #require(ModelInfo(tensorFlow: json, name: "m", version: "3"))
        #expect(model.inputs == [ModelInfo.Tensor(name: "x", datatype: .fp32, shape: [-1, 4])])
        #expect(model.outputs == [ModelInfo.Tensor(name: "y", datatype: .bytes, shape: [-1])])
    }

    @Test("an MLmodel signature is read, columns and tensors")
    func mlmodel() throws {
        let file = try TemporaryFile(
            "signature:\n  inputs: '[{\"type\":\"double\",\"name\":\"age\"},{\"type\":\"string\",\"name\":\"sex\"}]'\n  outputs: '[{\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"int64\",\"shape\":[-1]}}]'\n"
        )
        let model = try ModelInfo(mlmodel: file.path, name: "m")
        #expect(model.inputs.map(\.datatype) == [.fp64, .bytes])
        #expect(model.inputs.map(\.isColumn) == [true, true])
        #expect(model.outputs.first?.datatype == .int64)
        #expect(throws: UsageError.self) {
            try ModelInfo(mlmodel: TemporaryFile("a: 1\n").path, name: "m")
        }
    }

    @Test("an OpenAPI document's predict operation is read, behind references and alternatives")
    func openAPI() throws {
        let json = try JSON.parse(
            ##"{"paths":{"/models/iris/predict":{"post":{"requestBody":{"content":{"application/json":{"schema":{"oneOf":[{"$ref":"#/components/schemas/row"},{"type":"array"}]}}}}}}},"components":{"schemas":{"row":{"type":"object","properties":{"age":{"type":"number"},"sex":{"type":"string"},"x":{"type":"array","items":{"type":"number"},"minItems":4,"maxItems":4}}}}}}"##
        )
        let model = try #require(ModelInfo(openAPI: json, name: nil))
        #expect(model.name == "iris")
        #expect(model.inputs.map(\.name) == ["age", "sex", "x"])
        #expect(model.inputs.map(\.shape) == [[-1, 1], [-1, 1], [-1, 4]])
        #expect(model.inputs.map(\.datatype) == [.fp32, .bytes, .fp32])
    }

    @Test(
        "a URL's path says which model and format it means",
        arguments: [
            ("/v2/models/iris/infer", "iris", RequestFormat.v2, ""),
            ("/base/v2/models/iris/versions/3/infer", "iris", .v2, "/base"),
            ("/v1/models/iris:predict", "iris", .tfsRows, ""),
            ("/models/my%20model/predict", "my model", .predict, ""),
        ])
    func hints(_ path: String, _ model: String, _ format: RequestFormat, _ prefix: String) {
        let hint = Discovery.hint(path: path)
        #expect(hint.model == model)
        #expect(hint.format == format)
        #expect(hint.prefix == prefix)
        #expect(!hint.isPlain)
    }

    @Test("other paths are plain")
    func plainPaths() {
        #expect(Discovery.hint(path: "/static/page.html").isPlain)
        #expect(!Discovery.hint(path: "/").isPlain)
        #expect(Discovery.hint(path: "/invocations").format == .mlflow)
    }
}

@Suite("Payloads")
struct PayloadTests {
    static let columns = [
        ModelInfo.Tensor(name: "age", datatype: .fp32, shape: [-1, 1]),
        ModelInfo.Tensor(name: "sex", datatype: .bytes, shape: [-1, 1]),
    ]

    static func payload() -> Payload {
        Payload(
            inputs: [
                Payload.Input(tensor: columns[0], shape: [2, 1], values: .floats([1.5, 2])),
                Payload.Input(tensor: columns[1], shape: [2, 1], values: .strings(["m", "f"])),
            ], rowCount: 2)
    }

    @Test(
        "each format writes the body that its servers read",
        arguments: [
            (
                RequestFormat.v2,
                #"{"inputs":[{"name":"age","shape":[2,1],"datatype":"FP32","data":[1.5,2.0]},{"name":"sex","shape":[2,1],"datatype":"BYTES","data":["m","f"]}]}"#
            ),
            (.predict, #"[{"age":1.5,"sex":"m"},{"age":2.0,"sex":"f"}]"#),
            (.tfsRows, #"{"instances":[{"age":[1.5],"sex":["m"]},{"age":[2.0],"sex":["f"]}]}"#),
            (.tfsColumns, #"{"inputs":{"age":[[1.5],[2.0]],"sex":[["m"],["f"]]}}"#),
            (
                .mlflow,
                #"{"dataframe_split":{"columns":["age","sex"],"data":[[1.5,"m"],[2.0,"f"]]}}"#
            ),
        ])
    func bodies(_ format: RequestFormat, _ text: String) {
        #expect(String(decoding: Self.payload().body(format).bytes, as: UTF8.self) == text)
    }

    @Test("the binary form has the tensors behind its header, strings with their lengths")
    func binary() throws {
        let (bytes, count) = Self.payload().body(.v2Binary)
        let header = try JSON.parse(Array(bytes[..<(try #require(count))]))
        #expect(
            header["inputs"]?.array?.compactMap { $0["parameters"]?["binary_data_size"]?.int } == [
                8, 10,
            ])
        #expect(
            Array(bytes[count!...]) == [
                0, 0, 0xc0, 0x3f, 0, 0, 0, 0x40, 1, 0, 0, 0, 109, 1, 0, 0, 0, 102,
            ])
    }

    @Test("values fit the model's types and shapes, and repeat with their seed")
    func madeUp() throws {
        let model = ModelInfo(
            name: "m",
            inputs: Self.columns + [.init(name: "n", datatype: .uint8, shape: [-1, 2, 3])],
            outputs: [], source: .openInference)
        var (first, second) = (SplitMix(seed: 4), SplitMix(seed: 4))
        let payload = try Payload(for: model, rowCount: 5, filling: .random, &first)
        #expect(try payload == Payload(for: model, rowCount: 5, filling: .random, &second))
        #expect(payload.inputs.map(\.shape) == [[5, 1], [5, 1], [5, 2, 3]])
        #expect(payload.inputs.map(\.values.count) == [5, 5, 30])
    }

    @Test("more rows than a fixed first dimension takes are refused")
    func fixedRows() {
        let model = ModelInfo(
            name: "m", inputs: [.init(name: "x", datatype: .fp32, shape: [1, 4])], outputs: [],
            source: .openInference)
        var random = SplitMix(seed: 1)
        #expect(throws: UsageError.self) {
            try Payload(for: model, rowCount: 8, filling: .zeros, &random)
        }
    }

    @Test("a mix of models keeps its weights, and rows are taken in turn")
    func mix() throws {
        var heavy = ModelInfo(name: "a", inputs: Self.columns, outputs: [], source: .openInference)
        heavy.weight = 3
        let light = ModelInfo(name: "b", inputs: Self.columns, outputs: [], source: .openInference)
        let plan = try RequestPlan(
            models: [heavy, light], format: .v2, prefix: "", rowCounts: [1, 8], count: 64,
            filling: .random,
            seed: 1, wire: RequestPlan.Wire(authority: "h"))
        let asked = plan.requests.filter { $0.modelIndex == 0 }.count
        #expect(asked * 4 == plan.requests.count * 3)
        #expect(plan.requests.filter { $0.rowCount == 8 }.count * 2 == plan.requests.count)
    }
}
