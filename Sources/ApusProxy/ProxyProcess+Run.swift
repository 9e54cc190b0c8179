import ApusControl
import ApusLoop
import ApusWire
import Logging

extension ProxyProcess {
    /// Runs a proxy until the supervisor ends it.
    /// - Parameters:
    ///   - control: the control socket's descriptor.
    ///   - listener: the listening socket's descriptor, shared with the other proxies.
    ///   - metrics: the memory that all processes count in; it outlives the process.
    /// - Returns: the exit code: 0, or 1 when it could not start.
    package static func run(
        control: CInt, listener: CInt, metrics: UnsafeMutableRawBufferPointer, log: Logger
    ) -> CInt {
        SignalWatch.ignoreBrokenPipes()
        SignalWatch.ignoreStopRequests()
        do throws(UVError) {
            let loop = try Loop()
            var process: ProxyProcess?
            var link: ControlLink<ProxyOrder>?
            link = ControlLink(
                try Stream.adopt(control, on: loop), on: loop,
                onReport: { order in
                    if let process { return process.handle(order) }
                    guard case .configure(let settings) = order, let link else { return }
                    process = start(settings, loop, link, listener, metrics, log)
                },
                onEnd: {
                    if let process { process.controlEnded() } else { loop.stop() }
                })
            loop.run()
            return process == nil ? 1 : 0
        } catch {
            log.error("the proxy cannot start", metadata: ["reason": "\(error)"])
            return 1
        }
    }

    private static func start(
        _ settings: ProxySettings, _ loop: Loop, _ link: ControlLink<ProxyOrder>, _ listener: CInt,
        _ metrics: UnsafeMutableRawBufferPointer, _ log: Logger
    ) -> ProxyProcess? {
        let process = ProxyProcess(settings, loop: loop, metrics: MetricsMemory(metrics), log: log)
        do throws(UVError) {
            try process.start(link, listener: listener)
            return process
        } catch {
            log.error("the proxy cannot listen", metadata: ["reason": "\(error)"])
            link.close()
            loop.stop()
            return nil
        }
    }
}
