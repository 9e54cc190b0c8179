/// All requests of a proxy, by id. A request's id is its place in the table and the number of times that the
/// place was used, so an answer that comes too late finds nobody.
final class RequestTable {
    let bodies: BodyMemory
    private var places: [ProxyRequest] = []
    private var free: [Int] = []

    init(bodies: BodyMemory = BodyMemory()) { self.bodies = bodies }

    /// How many are in use.
    var count: Int { places.count - free.count }

    /// A fresh request.
    func take() -> ProxyRequest {
        if let place = free.popLast() {
            let request = places[place]
            request.id = ((request.id >> 32) &+ 1) << 32 | UInt64(place)
            return request
        }
        let request = ProxyRequest(bodies: bodies)
        request.id = 1 << 32 | UInt64(places.count)
        places.append(request)
        return request
    }

    /// The request with that id, or nil when it has been answered.
    func find(_ id: UInt64) -> ProxyRequest? {
        let place = Int(truncatingIfNeeded: id & 0xffff_ffff)
        guard place < places.count, places[place].id == id, places[place].state != .idle else {
            return nil
        }
        return places[place]
    }

    /// Takes the request back. Nobody may hold on to it.
    func release(_ request: ProxyRequest) {
        let place = Int(truncatingIfNeeded: request.id & 0xffff_ffff)
        if request.isBeingWritten {
            // A socket may still read its memory: that stays as it is until the write lets the object go, and a new one
            // takes its place.
            places[place] = ProxyRequest(bodies: bodies)
            places[place].id = request.id
        } else {
            request.reset()
        }
        free.append(place)
    }
}
