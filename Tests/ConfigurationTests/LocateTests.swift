import ApusConfiguration
import ApusModel
import Foundation
import Testing

@Suite("Finding the models")
struct LocateTests {
    static let fixtures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures").path

    func sentences(_ models: [String], flags: [String: String] = [:]) throws -> [String] {
        let configuration = try resolve(flags: flags, models: models).configuration
        do {
            _ = try configuration.locateModels()
            return []
        } catch {
            return error.all.map(\.description)
        }
    }

    @Test("named models are required and have their settings, a repository's are not and have the general ones")
    func found() throws {
        let file = "repository: \(Self.fixtures)\nmodels: [{path: \(Self.fixtures)/iris.onnx, name: flower, workers: 3}]\nworkers: 2"
        let models = try resolve(file: file).configuration.locateModels().models
        let flower = try #require(models.first)
        #expect(flower.location.name == "flower" && flower.isRequired && flower.settings.workers == 3)
        let iris = try #require(models.first { $0.location.name == "iris" })
        #expect(!iris.isRequired && iris.settings.workers == 2)
    }

    @Test("all that is missing, named twice or not there as the default is told at once")
    func refused() throws {
        let iris = "\(Self.fixtures)/iris.onnx"
        let told = try sentences([iris, iris, "/nowhere.onnx"], flags: ["default-model": "other"])
        #expect(told.count == 3)
        #expect(told[0].hasPrefix("there is no model at /nowhere.onnx"))
        #expect(told[1].hasPrefix("'iris' is the name of several models"))
        #expect(told[2] == "'default-model' is 'other'; one of iris, iris is expected")
        #expect(try sentences([iris], flags: ["default-model": "iris"]) == [])
    }
}
