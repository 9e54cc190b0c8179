import ApusLoop
import Glibc

/// Answers at once, but at times the whole process stands still, as in a garbage collection.
final class StallingService: Service {
    private var timer: Timer?

    init(on loop: Loop, everyMilliseconds every: UInt64, forMilliseconds length: UInt64) {
        let timer = Timer(on: loop) {
            let end = Loop.nanoseconds + length * 1_000_000
            while Loop.nanoseconds < end { usleep(useconds_t((end - Loop.nanoseconds) / 1000 + 1)) }
        }
        timer.start(milliseconds: every / 2, repeating: every)
        self.timer = timer
    }

    func take(_ peer: Peer) { peer.answer() }
}

/// k servers with a fixed service time behind one queue. Each server's next free moment is counted
/// from when it was free, not from when a timer came round, so its capacity is exactly k / time.
final class QueueingService: Service {
    private let service: UInt64
    private var freeAt: [UInt64]
    /// Answers to be given, in the order of their moments.
    private var pending: [(at: UInt64, peer: Peer)] = []
    private var head = 0
    private var timer: PreciseTimer?

    init(on loop: Loop, serverCount: Int, serviceNanoseconds: UInt64) throws(UVError) {
        service = serviceNanoseconds
        freeAt = [UInt64](repeating: 0, count: serverCount)
        timer = try PreciseTimer(on: loop) { [unowned self] in answerDue() }
    }

    /// Service times are equal, so answers end in the order in which they began.
    func take(_ peer: Peer) {
        let now = Loop.nanoseconds
        var server = 0
        for index in freeAt.indices where freeAt[index] < freeAt[server] { server = index }
        freeAt[server] = max(now, freeAt[server]) + service
        pending.append((freeAt[server], peer))
        if pending.count - head == 1 { timer?.start(atNanoseconds: freeAt[server]) }
    }

    private func answerDue() {
        let now = Loop.nanoseconds
        while head < pending.count, pending[head].at <= now {
            pending[head].peer.answer()
            head += 1
        }
        if head > 4096 {
            pending.removeFirst(head)
            head = 0
        }
        if head < pending.count { timer?.start(atNanoseconds: pending[head].at) }
    }
}
