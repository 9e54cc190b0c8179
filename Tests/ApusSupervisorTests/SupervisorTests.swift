import ApusLoop
import ApusWire
import Foundation
import Logging
import Testing

@testable import ApusSupervisor

@Suite("Supervisor")
struct SupervisorTests {
    private let folder = TemporaryFolder()

    private var settings: SupervisorSettings {
        var settings = SupervisorSettings()
        settings.port = 0
        settings.runtimeDirectory = folder.path
        return settings
    }

    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("a port that is taken is a sentence with the address, and leaves no directory")
    func portTaken() throws {
        let taken = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        defer { SocketPair.close(taken) }
        var settings = settings
        settings.port = try ListeningSocket.boundPort(taken)
        let error = #expect(throws: SupervisorStartError.self) {
            try Supervisor(settings, log: Self.silent)
        }
        #expect(error?.description.hasPrefix("cannot listen on 127.0.0.1:\(settings.port): ") == true)
        #expect(!folder.exists())
    }

    @Test("an address that is no number is a sentence, too")
    func badAddress() throws {
        var settings = settings
        settings.host = "nowhere"
        let error = #expect(throws: SupervisorStartError.self) {
            try Supervisor(settings, log: Self.silent)
        }
        #expect(error?.description.contains("--listen") == true)
    }

    @Test("a process's private memory is counted in bytes; one that is gone has none")
    func memory() {
        let before = ProcessMemory.privateByteCount(of: getpid())
        let byteCount = 64 << 20
        let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 4096)
        memset(block, 1, byteCount)
        let after = ProcessMemory.privateByteCount(of: getpid())
        block.deallocate()
        #expect(before > 100 << 10)
        #expect(after - before > byteCount / 2 && after - before < 4 * byteCount)
        #expect(ProcessMemory.privateByteCount(of: 0) == 0)
        #expect(ProcessMemory.privateByteCount(of: .max) == 0)
    }
}
