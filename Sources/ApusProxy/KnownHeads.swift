import ApusWire
import Glibc

/// The heads of inference requests that came last, and where each of them leads.
///
/// A client that keeps its connection sends the same head with every request, byte for byte, as long as its bodies
/// are equally long. What those bytes meant they mean again, so a head that is found here is neither parsed nor
/// routed anew. It must be forgotten when the routes change.
struct KnownHeads {
    /// Connections share so many places. One whose heads are all different spoils no other place than its own.
    static let placeCount = 16

    private let places = (0..<placeCount).map { _ in KnownHead() }
    private var lastPlace = 0

    /// The place where a new connection looks and leaves its heads.
    mutating func takePlace() -> Int {
        lastPlace = (lastPlace + 1) % Self.placeCount
        return lastPlace
    }

    /// The head at the front of `bytes`, if it is the one that was kept in that place.
    @inline(__always)
    func find(_ bytes: UnsafeRawBufferPointer, at place: Int) -> KnownHead? {
        let known = places[place]
        return known.isPrefix(of: bytes) ? known : nil
    }

    /// Keeps a head in place of the one before, unless it will hardly come again: it is long, or has an id.
    /// - Parameter bytes: those that `head` was parsed from; copied.
    func keep(_ head: HTTPRequestHead, _ bytes: UnsafeRawBufferPointer, at place: Int, _ route: InferenceRoute) {
        guard head.byteCount <= KnownHead.byteLimit, head.requestID == nil else { return }
        places[place].become(head, bytes, route)
    }

    func forgetAll() {
        for known in places { known.forget() }
    }
}

/// Where an inference request is led: a model's workers, and how its body is read there.
struct InferenceRoute {
    var model: ServedModel
    var endpoint: Endpoint
    var servingProtocol: ServingProtocol
    /// The client wants an answer of that version and of no other.
    var namesVersion: Bool

    init(_ model: ServedModel, _ endpoint: Endpoint, _ servingProtocol: ServingProtocol, namesVersion: Bool = false) {
        self.model = model
        self.endpoint = endpoint
        self.servingProtocol = servingProtocol
        self.namesVersion = namesVersion
    }
}

/// A request's head as bytes, and what they mean.
final class KnownHead {
    static let byteLimit = 512

    private(set) var head = HTTPRequestHead()
    private(set) var route: InferenceRoute?
    private let memory = UnsafeMutableRawPointer.allocate(byteCount: byteLimit, alignment: 64)
    /// 0 for none.
    private var byteCount = 0

    deinit { memory.deallocate() }

    @inline(__always)
    func isPrefix(of bytes: UnsafeRawBufferPointer) -> Bool {
        guard byteCount > 0, bytes.count >= byteCount, let base = bytes.baseAddress else { return false }
        return memcmp(base, memory, byteCount) == 0
    }

    func become(_ head: HTTPRequestHead, _ bytes: UnsafeRawBufferPointer, _ route: InferenceRoute) {
        self.head = head
        self.route = route
        byteCount = head.byteCount
        memory.copyMemory(from: bytes.baseAddress!, byteCount: byteCount)
    }

    func forget() {
        byteCount = 0
        route = nil
    }
}
