import ApusConfiguration
import Glibc
import Testing

@Test("the runtime directory is the one that is configured, else systemd's, else one of the user's own")
func runtimeDirectoryChoice() {
    func path(_ configured: String?, _ environment: [String: String]) -> String {
        var configuration = Configuration()
        configuration.runtimeDirectory = configured
        return configuration.runtimeDirectoryPath(environment: environment, processID: 7)
    }
    let systemd = ["RUNTIME_DIRECTORY": "/run/apus:/run/other", "XDG_RUNTIME_DIR": "/tmp"]
    #expect(path("/x", systemd) == "/x")
    #expect(path(nil, systemd) == "/run/apus")
    #expect(path(nil, ["XDG_RUNTIME_DIR": "/tmp"]) == "/tmp/apus-7")
    #expect(path(nil, ["XDG_RUNTIME_DIR": "/nowhere"]) == "/tmp/apus-\(getuid())-7")
    #expect(path(nil, [:]) == "/tmp/apus-\(getuid())-7")
}
