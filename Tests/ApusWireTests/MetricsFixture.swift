import Glibc

@testable import ApusWire

/// Zeroed memory as the supervisor maps it. As there, it stays until the process ends: what is made
/// over it may outlive any variable of a test. Pages that nobody writes cost nothing.
struct TestMemory {
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        let memory = mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(memory != MAP_FAILED, "a test has a few megabytes")
        bytes = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    }

    func clear() { memset(bytes.baseAddress!, 0, bytes.count) }

    /// One region over all of it.
    var region: MetricsRegion { MetricsRegion(bytes) }

    /// Room for that many proxies, each with a region of full size.
    static func server(proxies: Int) -> TestMemory {
        TestMemory(byteCount: MetricsMemory.byteCount(proxies: proxies))
    }

    var memory: MetricsMemory { MetricsMemory(bytes) }
}

extension RequestMeasurement {
    /// A request of two rows answered 200, alone in its run.
    static var example: RequestMeasurement {
        var request = RequestMeasurement()
        request.servingProtocol = .openInference
        request.status = 200
        request.queueNanoseconds = 30_000
        request.batchNanoseconds = 1_000
        request.decodeNanoseconds = 2_000
        request.computeNanoseconds = 400_000
        request.encodeNanoseconds = 3_000
        request.totalNanoseconds = 500_000
        request.requestRowCount = 2
        request.runRowCount = 2
        request.isFirstOfRun = true
        request.requestByteCount = 120
        request.responseByteCount = 80
        request.unixMilliseconds = 1_700_000_000_000
        return request
    }

    static func refusal(status: Int) -> RequestMeasurement {
        var request = RequestMeasurement()
        request.servingProtocol = .openInference
        request.status = status
        request.totalNanoseconds = 9_000
        return request
    }
}
