import ApusConfiguration
import ApusLog
import Testing

/// Gives the sources that a server would have, with the file written to a folder of its own.
func resolve(
    flags: [String: String] = [:], models: [String] = [], environment: [String: String] = [:],
    file: String? = nil, mustServe: Bool = false
) throws -> ResolvedConfiguration {
    var sources = ConfigurationSources()
    sources.flags = flags.sorted { $0.key < $1.key }.map { Setting($0, $1, from: .flag("--\($0)")) }
    sources.models = models
    sources.environment = environment
    sources.mustServe = mustServe
    guard let file else { return try sources.resolve() }
    return try withFile(file) { path in
        sources.configurationFile = path
        return try sources.resolve()
    }
}

/// What `resolve` refuses, as a user reads it; FILE stands for the file's path.
func sentences(
    flags: [String: String] = [:], models: [String] = [], environment: [String: String] = [:],
    file: String? = nil, mustServe: Bool = false
) -> [String] {
    do {
        _ = try resolve(flags: flags, models: models, environment: environment, file: file, mustServe: mustServe)
        return []
    } catch let errors as ConfigurationErrors {
        return errors.all.map { withoutFolder($0.description) }
    } catch {
        return ["\(error)"]
    }
}

@Suite("Precedence")
struct PrecedenceTests {
    @Test("what nobody says is the default")
    func defaults() throws {
        #expect(try resolve().configuration == Configuration())
    }

    @Test("the file wins over the default, a variable over the file, a flag over the variable")
    func layers() throws {
        let file = "max-batch: 2\nqueue: 20\ntimeout: 200"
        let environment = ["APUS_MAX_BATCH": "3", "APUS_QUEUE": "30"]
        let resolved = try resolve(flags: ["max-batch": "4"], environment: environment, file: file)
        let settings = resolved.configuration.modelDefaults
        #expect(settings.maxBatchRows == 4)
        #expect(settings.queueCapacity == 30)
        #expect(settings.timeoutMilliseconds == 200)
        #expect(resolved.origins["max-batch"] == .flag("--max-batch"))
        #expect(resolved.origins["queue"] == .variable("APUS_QUEUE"))
    }

    @Test("the order of keys in the file does not matter to a model's own settings")
    func ownSettings() throws {
        let file = "models:\n  - {path: /m/a.onnx, workers: 5}\n  - /m/b.onnx\nworkers: 2"
        let models = try resolve(file: file).configuration.models
        #expect(models.map(\.settings.workers) == [5, 2])
    }

    @Test("a flag for all models wins over what the file says for one")
    func flagOverOwn() throws {
        let file = "models:\n  - {path: /m/a.onnx, workers: 5, queue: 7}"
        let model = try #require(try resolve(flags: ["workers": "1"], file: file).configuration.models.first)
        #expect(model.settings.workers == 1)
        #expect(model.settings.queueCapacity == 7)
    }

    @Test("models from the command line replace those of variables, and those the file's")
    func models() throws {
        let file = "models: [/m/file.onnx]"
        let environment = ["APUS_MODELS": "x=/m/one.onnx /m/two.onnx"]
        func names(_ arguments: [String], _ environment: [String: String]) throws -> [String] {
            let models = try resolve(models: arguments, environment: environment, file: file).configuration.models
            return models.map { $0.reference.name ?? $0.reference.path }
        }
        #expect(try names(["flag.onnx"], environment) == ["flag.onnx"])
        #expect(try names([], environment) == ["x", "/m/two.onnx"])
        #expect(try names([], [:]) == ["/m/file.onnx"])
    }

    @Test("--config wins over APUS_CONFIG")
    func configFile() throws {
        let resolved = try resolve(environment: ["APUS_CONFIG": "/nowhere.yaml"], file: "proxies: 3")
        #expect(resolved.configuration.proxies == 3)
    }

    @Test("what a container's platform says is a default: the file, variables and flags count before it")
    func platform() throws {
        let vertex = [
            "AIP_HTTP_PORT": "8081", "AIP_PREDICT_ROUTE": "/v1/endpoints/1:predict", "AIP_HEALTH_ROUTE": "/health/1",
        ]
        let resolved = try resolve(environment: vertex).configuration
        #expect(resolved.listen == ListenAddress(host: "0.0.0.0", port: 8081))
        #expect(resolved.predictRoute == "/v1/endpoints/1:predict" && resolved.healthRoute == "/health/1")
        let sageMaker = ["SAGEMAKER_BIND_TO_PORT": "9000"]
        #expect(try resolve(environment: sageMaker).configuration.listen.port == 9000)
        #expect(try resolve(environment: sageMaker, file: "listen: 127.0.0.1:1").configuration.listen.port == 1)
        #expect(try resolve(flags: ["listen": "127.0.0.1:2"], environment: sageMaker).configuration.listen.port == 2)
        #expect(throws: ConfigurationErrors.self) { try resolve(environment: ["AIP_HTTP_PORT": "http"]) }
        #expect(throws: ConfigurationErrors.self) { try resolve(environment: ["AIP_PREDICT_ROUTE": "predict?x"]) }
    }

    @Test("the model that a platform puts into the container is served when nobody names another")
    func platformModel() throws {
        func paths(
            _ environment: [String: String], models: [String] = [], flags: [String: String] = [:]
        ) throws -> [String] {
            try resolve(flags: flags, models: models, environment: environment, mustServe: true).configuration.models
                .map(\.reference.path)
        }
        let sageMaker = ["SAGEMAKER_BIND_TO_PORT": "9000"]
        let vertex = ["AIP_STORAGE_URI": "/mnt/model"]
        #expect(try paths(sageMaker) == ["/opt/ml/model"])
        #expect(try paths(vertex) == ["/mnt/model"])
        #expect(try paths(sageMaker, models: ["m.onnx"]) == ["m.onnx"])
        #expect(try paths(vertex.merging(["APUS_MODELS": "m.onnx"]) { $1 }) == ["m.onnx"])
        #expect(try paths(vertex, flags: ["repository": "/models"]) == [])
        #expect(throws: ConfigurationErrors.self) { try paths(["AIP_STORAGE_URI": "gs://bucket/model"]) }
    }

    @Test("every key can be said by a flag, a variable and the file, and is read back", arguments: Key.all.map(\.name))
    func everyKey(_ name: String) throws {
        let key = try #require(Key.all.first { $0.name == name })
        let value = try #require(otherValues[name], "a value that is not the default")
        let fromFlag = try resolve(flags: [name: value])
        let fromVariable = try resolve(environment: [key.variable: value])
        let fromFile = try resolve(file: "\(name): \"\(value)\"")
        for resolved in [fromFlag, fromVariable, fromFile] {
            #expect(key.text(resolved.configuration) == value)
            #expect(resolved.configuration != Configuration())
        }
    }
}

/// For each key a value that is allowed and is not the default.
private let otherValues = [
    "repository": "/models", "listen": "[::1]:9000", "proxies": "3", "pin": "true", "colocate": "off", "runtime-dir": "/run/apus-test",
    "snapshot-dir": "/var/cache/apus",
    "onnxruntime": "/opt/libonnxruntime.so", "default-model": "iris", "reload": "manual",
    "probation": "0", "versions": "latest:2", "labels": "canary:4,stable:3", "model-control": "true",
    "allow-schema-change": "true",
    "predict-route": "/a/1:predict", "health-route": "/a/1",
    "server-name": "triton", "load-timeout": "5000", "drain-timeout": "0", "quarantine": "12345",
    "max-worker-memory": "64MiB", "max-worker-requests": "1000", "workers": "777", "max-batch": "128", "max-delay": "5",
    "max-run-time": "40",
    "batching": "off", "timeout": "1000", "queue": "16", "max-body": "1GiB", "nonfinite": "token", "out-of-range": "reject",
    "max-connections": "500", "max-head-bytes": "32KiB", "max-fields": "64", "first-byte-timeout": "1",
    "header-timeout": "2000", "body-grace": "0", "min-body-rate": "100", "write-timeout": "3000",
    "idle-timeout": "4000", "log-format": "json", "log-level": "debug", "access-log": "true",
]
