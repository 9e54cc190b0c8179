import ApusAdmin
import Testing

@Suite("Status")
struct StatusReportTests {
    static let json = """
        {"supervisor":100,"generation":2,"listen":"127.0.0.1:8080",
         "proxies":[{"pid":101,"state":"serving","restarts":0}],
         "models":[{"name":"iris","version":3,"generation":2,"state":"live","reason":"","batching":true,
                    "template":{"pid":102},
                    "workers":[{"pid":103,"state":"ready","restarts":1,"private_bytes":4718592},
                               {"pid":null,"state":"starting","restarts":12,"private_bytes":null}]},
                   {"name":"broken","version":"1","generation":1,"state":"failed","reason":"it is not ONNX",
                    "template":null,"workers":[]}]}
        """

    @Test("a status is a table with a line per process, and the reason of what does not serve")
    func table() throws {
        let report = try StatusReport(Array(Self.json.utf8), from: "s")
        #expect(report.table == """
            apus on 127.0.0.1:8080, supervisor 100, generation 2

            PROCESS            PID  STATE              RESTARTS  PRIVATE
            proxy 0            101  serving            0         -
            template iris@3    102  live, batching on  -         -
            worker iris@3 #0   103  ready              1         4.5 MiB
            worker iris@3 #1   -    starting           12        -
            template broken@1  -    failed             -         -

            broken@1 is failed: it is not ONNX

            """)
    }

    @Test("what is no status is refused", arguments: ["", "{}", "[1]", #"{"supervisor":"x"}"#])
    func refused(_ text: String) {
        let error = AdminError.brokenAnswer(socket: "s", problem: "it is not the JSON of a status")
        #expect(throws: error) { try StatusReport(Array(text.utf8), from: "s") }
    }
}
