import ApusProtocols
import ApusWire
import Testing

@Suite("Open Inference Protocol: refusals")
struct OpenInferenceRefusalTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let body: String, sentence: String

        init(_ testDescription: String, _ body: String, _ sentence: String) {
            self.testDescription = testDescription
            self.body = body
            self.sentence = sentence
        }
    }

    /// An iris request with that shape, datatype and data.
    static func iris(shape: String = "[1,4]", datatype: String = "FP32", data: String = "[1,2,3,4]") -> String {
        #"{"inputs":[{"name":"X","shape":\#(shape),"datatype":"\#(datatype)","data":\#(data)}]}"#
    }

    static let formRows: [Row] = [
        Row("nothing", "", "the body is empty; a JSON text is expected"),
        Row("only spaces", "  \n", "the body is empty; a JSON text is expected"),
        Row("not JSON", "hello", "the body is not valid JSON"),
        Row("cut off", #"{"inputs":["#, "the body is not valid JSON"),
        Row("two values", "{} {}", "the body is not valid JSON"),
        Row("a list", "[]", "the body is a list; an object is expected"),
        Row("no inputs", "{}", "the request has no 'inputs'; a list of tensors is expected"),
        Row("inputs twice", #"{"inputs":[],"inputs":[]}"#, "'inputs' is given twice; once is expected"),
        Row("inputs an object", #"{"inputs":{}}"#, "Unable to parse 'inputs': found an object, a list is expected"),
        Row("an input that is text", #"{"inputs":["X"]}"#, "'inputs' has a string; an object with a tensor is expected"),
        Row("no input", #"{"inputs":[]}"#, "input 'X' is missing; model 'iris' needs it"),
        Row("an id that is a number", #"{"id":1,"inputs":[]}"#, "Unable to parse 'id': found an integer, a string is expected"),
        Row(
            "an id that is too long", #"{"id":"\#(String(repeating: "x", count: 1025))","inputs":[]}"#,
            "'id' has 1025 bytes; at most 1024 are expected"),
        Row(
            "an unclosed string", #"{"inputs":[{"name":"X]}"#,
            "the JSON text has a string that is not closed or has a bad escape"),
        Row(
            "depth 10,000", String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000),
            "the JSON text is nested deeper than 64 levels"),
        Row("a number beyond doubles", iris(data: "[1,2,3,1e400]"),
            "the JSON text has a number that is malformed or beyond 64-bit floating point"),
        Row("a leading zero", iris(data: "[01,2,3,4]"),
            "the JSON text has a number that is malformed or beyond 64-bit floating point"),
        Row("nan in lower case", iris(data: "[nan,2,3,4]"), "the body is not valid JSON"),
    ]

    static let tensorRows: [Row] = [
        Row("an unknown name", #"{"inputs":[{"name":"Y","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}"#,
            "2 problems: unexpected inference input 'Y' for model 'iris'; it takes 'X'; input 'X' is missing; "
                + "model 'iris' needs it"),
        Row("no name", #"{"inputs":[{"shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}"#,
            "2 problems: Unable to parse 'name': input 0 needs one, a string; input 'X' is missing; "
                + "model 'iris' needs it"),
        Row("the name twice", #"{"inputs":[{"name":"X","name":"X"}]}"#, "'name' is given twice; once is expected"),
        Row("no datatype", #"{"inputs":[{"name":"X","shape":[1,4],"data":[1,2,3,4]}]}"#,
            "Unable to parse 'datatype': input 'X' needs one, a string"),
        Row("another datatype", iris(datatype: "INT32"),
            "inference input 'X' data-type is 'INT32', but model 'iris' expects 'FP32'"),
        Row("no shape", #"{"inputs":[{"name":"X","datatype":"FP32","data":[1,2,3,4]}]}"#,
            "Unable to parse 'shape': input 'X' needs one, a list of integers"),
        Row("a negative dimension", iris(shape: "[-1,4]"),
            "invalid shape for input 'X': it has an integer where an integer of 0 or more is expected"),
        Row("a dimension that is a fraction", iris(shape: "[1.5,4]"),
            "invalid shape for input 'X': it has a number where an integer of 0 or more is expected"),
        Row("another rank", iris(shape: "[4]"),
            "unexpected shape for input 'X' for model 'iris'. Expected [-1,4], got [4]."),
        Row("nine dimensions", iris(shape: "[1,1,1,1,1,1,1,1,4]"),
            "unexpected shape for input 'X' for model 'iris'. Expected [-1,4], got 9 dimensions."),
        Row("another fixed dimension", iris(shape: "[1,5]"),
            "unexpected shape for input 'X' for model 'iris'. Expected [-1,4], got [1,5]."),
        Row("a shape that overflows", iris(shape: "[4611686018427387904,4]"),
            "invalid shape for input 'X': shape [4611686018427387904,4] causes total element count to exceed "
                + "maximum size of 9223372036854775807"),
        Row("a huge shape", iris(shape: "[1000000000000,4]"),
            "input 'X' has 4 elements; its shape needs 4000000000000"),
        Row("no data", #"{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32"}]}"#,
            "Unable to parse 'data': input 'X' needs a list of elements, or 'binary_data_size' in its parameters "
                + "and the bytes behind the JSON"),
        Row("data that is a number", iris(data: "1"),
            "Unable to parse 'data': input 'X' needs a list of elements, or 'binary_data_size' in its parameters "
                + "and the bytes behind the JSON"),
        Row("too few elements", iris(data: "[1,2,3]"), "input 'X' has 3 elements; its shape needs 4"),
        Row("too many elements", iris(data: "[1,2,3,4,5]"), "input 'X' has 5 elements; its shape needs 4"),
        Row("ragged rows", iris(shape: "[2,4]", data: "[[1,2,3,4],[1,2,3]]"),
            "data of input 'X' is not nested as its shape [2,4] says: a list of 4 is expected at level 2"),
        Row("rows too many", iris(shape: "[1,4]", data: "[[1,2,3,4],[1,2,3,4]]"),
            "data of input 'X' is not nested as its shape [1,4] says: a list of 1 is expected at level 1"),
        Row("a list too deep", iris(data: "[[1,2,3,[4]]]"),
            "input 'X' has a list at element 3 where a number (FP32) is expected"),
        Row("a flat list with a list in it", iris(data: "[1,2,3,[4]]"),
            "input 'X' has a list at element 3 where a number (FP32) is expected"),
        Row("a string", iris(data: #"[1,2,"3",4]"#),
            "input 'X' has a string at element 2 where a number (FP32) is expected"),
        Row("true", iris(data: "[1,2,true,4]"),
            "input 'X' has true or false at element 2 where a number (FP32) is expected"),
        Row("a number that FP32 makes infinite", iris(data: "[1,2,3,1e39]"),
            "input 'X' has a number out of range at element 3 where a number (FP32) is expected"),
        Row("an input twice",
            #"{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]},{"name":"X"}]}"#,
            "input 'X' is given twice; once is expected"),
        Row("binary without its header",
            #"{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":16}}]}"#,
            "must specify valid 'Inference-Header-Content-Length' in request header and 'binary_data_size' when "
                + "passing inputs in binary data format"),
        Row("shared memory",
            #"{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","parameters":{"shared_memory_region":"r"}}]}"#,
            "shared memory is not supported by this server"),
    ]

    static let optionRows: [Row] = [
        Row("an unknown output", #"{"outputs":[{"name":"score"}],"# + iris().dropFirst(),
            "unexpected inference output 'score' for model 'iris'; it gives 'label', 'probabilities'"),
        Row("an output without name", #"{"outputs":[{}],"# + iris().dropFirst(),
            "Unable to parse 'name': each output needs one, a string"),
        Row("an output twice", #"{"outputs":[{"name":"label"},{"name":"label"}],"# + iris().dropFirst(),
            "output 'label' is requested twice; once is expected"),
        Row("outputs that are text", #"{"outputs":"label","# + iris().dropFirst(),
            "Unable to parse 'outputs': found a string, a list is expected"),
        Row("a reserved parameter", #"{"parameters":{"triton_x":1},"# + iris().dropFirst(),
            "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified."),
        Row("a priority that is text", #"{"parameters":{"priority":"high"},"# + iris().dropFirst(),
            "Unable to parse 'priority': an integer of 0 or more is expected"),
        Row("a timeout below 0", #"{"parameters":{"timeout":-1},"# + iris().dropFirst(),
            "Unable to parse 'timeout': an integer of 0 or more is expected"),
        Row("binary_data_output that is a number", #"{"parameters":{"binary_data_output":1},"# + iris().dropFirst(),
            "Unable to parse 'binary_data_output': found an integer, true or false is expected"),
        Row("classification below 0",
            #"{"outputs":[{"name":"label","parameters":{"classification":-1}}],"# + iris().dropFirst(),
            "Unable to set 'classification': an integer of 0 or more is expected"),
    ]

    @Test("a body that is no request is refused by what it is", arguments: formRows)
    func form(_ row: Row) { check(row) }

    @Test("a tensor that does not fit is refused by what was found and what is expected", arguments: tensorRows)
    func tensors(_ row: Row) { check(row) }

    @Test("outputs and parameters that are not understood are refused", arguments: optionRows)
    func options(_ row: Row) { check(row) }

    private func check(_ row: Row) {
        let exchange = Exchange(.iris)
        #expect(exchange.refusal(row.body) == row.sentence)
        #expect(exchange.inputs[0].count == 0)
        // The codec is as good as before.
        #expect(exchange.refusal(Self.iris()) == "accepted")
    }

    @Test("text that is not UTF-8 is refused")
    func utf8() {
        let exchange = Exchange(.iris)
        let body = Array(#"{"id":""#.utf8) + [0xC3, 0x28] + Array(#"","inputs":[]}"#.utf8)
        #expect(throws: InferenceError.malformed("the JSON text is not valid UTF-8")) { try exchange.decode(body) }
    }

    @Test("rows that differ between the inputs of a batchable model are refused")
    func rows() {
        let exchange = Exchange(PredictTests.tabular)
        let body = #"""
            {"inputs":[{"name":"age","shape":[2,1],"datatype":"FP32","data":[1,2]},
            {"name":"rooms","shape":[2,1],"datatype":"INT64","data":[1,2]},
            {"name":"sex","shape":[1,1],"datatype":"BYTES","data":["f"]}]}
            """#
        #expect(
            exchange.refusal(body)
                == "input 'sex' batch size does not match other inputs for 'tabular': expected 2, got 1")
    }

    static let halfRows: [Row] = [
        Row("an input", #"{"inputs":[{"name":"in","shape":[1],"datatype":"FP16","data":[1]}]}"#,
            "2 problems: receiving FP16 data via JSON is not supported. Please use the binary data format for input "
                + "'in'; sending FP16 data via JSON is not supported. Please use the binary data format for output 'out'"),
        Row("an output",
            #"{"inputs":[{"name":"in","shape":[0],"datatype":"FP16"}]}"#,
            "sending FP16 data via JSON is not supported. Please use the binary data format for output 'out'"),
        Row("classes",
            #"{"inputs":[{"name":"in","shape":[0],"datatype":"FP16"}],"#
                + #""outputs":[{"name":"out","parameters":{"classification":1}}]}"#,
            "class result not available for output 'out' due to unsupported type 'FP16'"),
    ]

    @Test("half precision goes by binary data only, as in Triton", arguments: halfRows)
    func halves(_ row: Row) { #expect(Exchange(.echo(.float16)).refusal(row.body) == row.sentence) }
}
