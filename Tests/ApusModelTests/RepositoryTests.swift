import ApusModel
import Foundation
import Testing

@Suite("Finding models")
struct RepositoryTests {
    struct Argument: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let argument: String
        let name: String?
        let path: String
    }

    static let arguments = [
        Argument(testDescription: "a path", argument: "iris.onnx", name: nil, path: "iris.onnx"),
        Argument(testDescription: "a name and a path", argument: "flowers=/m/iris.onnx", name: "flowers",
                 path: "/m/iris.onnx"),
        Argument(testDescription: "a name with a space", argument: "my model=a", name: "my model", path: "a"),
        Argument(testDescription: "a path with = in it", argument: "./a=b.onnx", name: nil, path: "./a=b.onnx"),
        Argument(testDescription: "a name and such a path", argument: "n=a=b.onnx", name: "n", path: "a=b.onnx"),
    ]

    @Test("an argument is a path, or a name and a path", arguments: arguments)
    func argument(_ row: Argument) throws {
        let reference = try ModelReference(argument: row.argument)
        #expect(reference == ModelReference(name: row.name, path: row.path))
    }

    @Test("a name that cannot be one is refused",
        arguments: ["", ".hidden", "a?b", "ünïcode", "a\nb", String(repeating: "a", count: 129)])
    func badName(_ name: String) {
        #expect(throws: RepositoryError.badName(name)) { try ModelReference(argument: name + "=m.onnx") }
        #expect(!ModelName.isValid(name))
    }

    struct Layout: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let files: [String]
        let path: String
        let name: String
        let layout: ModelLocation.Layout
        /// Number and file.
        let versions: [(Int, String)]
        var incomplete: [String] = []
    }

    static let layouts = [
        Layout(testDescription: "a file is named by its stem", files: ["iris.onnx"], path: "iris.onnx",
               name: "iris", layout: .file, versions: [(1, "iris.onnx")]),
        Layout(testDescription: "model.onnx is named by its folder", files: ["iris/model.onnx"],
               path: "iris/model.onnx", name: "iris", layout: .file, versions: [(1, "iris/model.onnx")]),
        Layout(testDescription: "a version's model.onnx is named by the folder around it",
               files: ["iris/3/model.onnx"], path: "iris/3/model.onnx", name: "iris", layout: .file,
               versions: [(3, "iris/3/model.onnx")]),
        Layout(testDescription: "a folder with one ONNX file", files: ["iris/v.onnx", "iris/notes.txt"],
               path: "iris", name: "iris", layout: .file, versions: [(1, "iris/v.onnx")]),
        Layout(testDescription: "versions by number, not by letters",
               files: ["iris/10/model.onnx", "iris/9/model.onnx", "iris/2/any.onnx", "iris/config.pbtxt"],
               path: "iris/", name: "iris", layout: .versions,
               versions: [(2, "iris/2/any.onnx"), (9, "iris/9/model.onnx"), (10, "iris/10/model.onnx")]),
        Layout(testDescription: "model.onnx comes before other ONNX files",
               files: ["iris/1/model.onnx", "iris/1/other.onnx"], path: "iris", name: "iris", layout: .versions,
               versions: [(1, "iris/1/model.onnx")]),
        Layout(testDescription: "a version without a model is passed over",
               files: ["iris/1/model.onnx", "iris/2/model.onnx.part", "iris/007/model.onnx"], path: "iris",
               name: "iris", layout: .versions, versions: [(1, "iris/1/model.onnx")], incomplete: ["iris/2"]),
    ]

    @Test("a model is found in every layout", arguments: layouts)
    func layout(_ row: Layout) throws {
        let folder = try TemporaryFolder()
        for file in row.files { try folder.write(file) }
        let found = try ModelReference(name: nil, path: folder.path + "/" + row.path).locate()
        #expect(found.name == row.name)
        #expect(found.layout == row.layout)
        #expect(found.versions.map(\.number) == row.versions.map(\.0))
        #expect(found.versions.map(\.path) == row.versions.map { folder.path + "/" + $0.1 })
        #expect(found.incomplete == row.incomplete.map { folder.path + "/" + $0 })
        #expect(found.newest == found.versions.last)
    }

    @Test("a given name stands for the path's own")
    func givenName() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("odd (1).onnx")
        #expect(throws: RepositoryError.badName("odd (1)")) {
            try ModelReference(name: nil, path: path).locate()
        }
        #expect(try ModelReference(name: "even", path: path).locate().name == "even")
    }

    @Test("a link is named as it is called, and read where it leads")
    func links() throws {
        let folder = try TemporaryFolder()
        try folder.write("7f3a/1/model.onnx")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/iris", withDestinationPath: folder.path + "/7f3a")
        let found = try ModelReference(name: nil, path: folder.path + "/iris").locate()
        #expect(found.name == "iris")
        #expect(found.newest.path == folder.path + "/7f3a/1/model.onnx")
    }

    @Test("where there is no model, it says what was found and what was expected")
    func faults() throws {
        let folder = try TemporaryFolder()
        let text = try folder.write("notes.txt")
        try folder.write("empty/readme.md")
        try folder.write("unfinished/1/model.onnx.part")
        try folder.write("two/1/a.onnx")
        try folder.write("two/1/b.onnx")
        func error(_ path: String) -> RepositoryError? {
            #expect(throws: RepositoryError.self) {
                try ModelReference(name: nil, path: path).locate()
            }
        }
        #expect(error(text) == .notONNX(path: text))
        #expect(error(folder.path + "/none") == .missing(
            path: folder.path + "/none", reason: "No such file or directory"))
        #expect(error(folder.path + "/empty")?.description == "\(folder.path)/empty holds no model: found "
            + "readme.md; expected numbered version folders (1/model.onnx), an MLmodel file, or one .onnx file")
        #expect(error(folder.path + "/unfinished") == .noModel(
            folder: folder.path + "/unfinished", found: ["1"]))
        #expect(error(folder.path + "/two") == .ambiguous(
            folder: folder.path + "/two/1", found: ["a.onnx", "b.onnx"]))
    }

    @Test("a repository is every model in a folder; the rest is told with a reason")
    func repository() throws {
        let folder = try TemporaryFolder()
        for file in ["b.onnx", "a/1/model.onnx", "c/model.onnx", "notes/readme.md", ".hidden/1/model.onnx"] {
            try folder.write(file)
        }
        let repository = try ModelRepository(folder.path)
        #expect(repository.models.map(\.name) == ["a", "b", "c"])
        #expect(repository.refused.map(\.path) == [folder.path + "/notes"])
    }

    @Test("two models of one name, and no model at all, are refused")
    func repositoryFaults() throws {
        let folder = try TemporaryFolder()
        #expect(throws: RepositoryError.emptyRepository(folder: folder.path, found: [])) {
            _ = try ModelRepository(folder.path)
        }
        for file in ["a.onnx", "a-2.onnx", "a/1/model.onnx"] { try folder.write(file) }
        #expect(throws: RepositoryError.duplicateName(
            "a", paths: [folder.path + "/a", folder.path + "/a.onnx"])
        ) { _ = try ModelRepository(folder.path) }
    }
}
