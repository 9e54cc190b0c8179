import ApusLoop
import Glibc

extension Supervisor {
    /// What a child finds open, beside 0, 1 and 2. Standard output is ours alone: a child's comes to us first, as its
    /// standard error does (`ChildOutput`). Only a proxy's is our standard error: it may write a line for each request.
    package enum ChildDescriptor {
        package static let control: CInt = 3
        /// The listening socket, for a proxy.
        package static let listener: CInt = 4
        /// The shared metrics, for a proxy.
        package static let metrics: CInt = 5
    }

    /// Starts this program again as one of its other processes: `apus ROLE TITLE PARENT ROOM`, where PARENT
    /// is our process id and ROOM only makes place for the process title, which is written over the arguments.
    func spawn(
        _ role: String, title: String, receivesDescriptors: Bool = false,
        onExit: @escaping (ExitReason) -> Void
    ) throws(UVError) -> (Child, Stream) {
        let (ours, theirs) = try SocketPair.make()
        defer { SocketPair.close(theirs) }
        let stream = try Stream.adopt(ours, on: loop, receivesDescriptors: receivesDescriptors)
        var descriptors: [CInt?] = [nil, role == "proxy" ? 2 : output.writing, output.writing, theirs]
        if role == "proxy" { descriptors += [listener.descriptor, settings.metrics?.descriptor] }
        let room = String(repeating: " ", count: 192)
        do {
            let child = try Child(
                path: "/proc/self/exe", arguments: ["apus", role, title, "\(getpid())", room],
                environment: settings.environment, descriptors: descriptors, on: loop,
                onExit: onExit)
            return (child, stream)
        } catch {
            stream.close()
            throw error
        }
    }
}
