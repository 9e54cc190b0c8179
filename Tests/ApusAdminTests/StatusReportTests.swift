import ApusAdmin
import Testing

@Suite("Status")
struct StatusReportTests {
    static let json = """
        {"supervisor":100,"generation":2,"listen":"http://127.0.0.1:8080","state":"ready",
         "proxies":[{"slot":0,"pid":101,"state":"ready","restarts":0}],
         "unserved":[{"name":"new","version":2,"reason":"reload refused: it is damaged"}],
         "models":[{"name":"iris","version":3,"generation":2,"state":"ready",
                    "reason":"reload refused: the disk is full",
                    "batching":"on","batching_reason":"",
                    "template":{"pid":102,"restarts":0,
                                "last_exit":{"pid":99,"reason":"exit code 70","cause":"","ago_ms":180999,"lines":[]}},
                    "workers":[{"pid":103,"state":"ready","restarts":1,"private_bytes":4718592,
                                "last_exit":{"pid":98,"reason":"signal 9 (Killed)","cause":"somebody killed it",
                                             "ago_ms":2999,"lines":["oh","dear"]}},
                               {"pid":0,"state":"starting","restarts":12,"private_bytes":0}]},
                   {"name":"broken","version":1,"generation":1,"state":"unavailable","reason":"it is not ONNX",
                    "batching":"off","batching_reason":"the model has no input",
                    "template":{"pid":0,"restarts":4},"workers":[]}]}
        """

    @Test("a status is a table with a line per process, and the reason of what does not serve")
    func table() throws {
        let report = try StatusReport(Array(Self.json.utf8), from: "s")
        #expect(report.table == """
            apus on http://127.0.0.1:8080, supervisor 100, generation 2

            PROCESS            PID  STATE        RESTARTS  PRIVATE
            proxy 0            101  ready        0         -
            template iris@3    102  ready        0         -
            worker iris@3 #0   103  ready        1         4.5 MiB
            worker iris@3 #1   -    starting     12        -
            template broken@1  -    unavailable  4         -

            iris@3 serves; reload refused: the disk is full

            broken@1 is unavailable: it is not ONNX

            broken@1 is not batched: the model has no input

            new@2 is not served: reload refused: it is damaged

            template iris@3, process 99, ended 3 min ago by exit code 70

            worker iris@3 #0, process 98, ended 2 s ago by signal 9 (Killed): somebody killed it
                oh
                dear

            """)
    }

    @Test("what is no status is refused", arguments: ["", "{}", "[1]", #"{"supervisor":"x"}"#])
    func refused(_ text: String) {
        let error = AdminError.brokenAnswer(socket: "s", problem: "it is not the JSON of a status")
        #expect(throws: error) { try StatusReport(Array(text.utf8), from: "s") }
    }
}
