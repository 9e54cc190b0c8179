@testable import ApusWire

/// Zeroed memory as the supervisor would map it, given back at the end of the test.
final class TestMemory {
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        bytes = .allocate(byteCount: byteCount, alignment: 4096)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { bytes.deallocate() }

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
