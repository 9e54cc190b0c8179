import ApusLoop
import Glibc

// A server whose behaviour is known by construction, for tests of loadtest.
//
//     loadtest-target stall EVERY_MS FOR_MS          answers at once, but stands still for FOR_MS each EVERY_MS
//     loadtest-target capacity SERVERS SERVICE_US    carries exactly SERVERS / SERVICE_US requests
//
// Prints `ready PORT` when it can answer. Ends when its standard input does.

let words = CommandLine.arguments
guard words.count == 4, let first = UInt64(words[2]), let second = UInt64(words[3]), first > 0
else {
    let usage = Array(
        "usage: loadtest-target stall EVERY_MS FOR_MS | capacity SERVERS SERVICE_US\n".utf8)
    _ = write(2, usage, usage.count)
    exit(2)
}
SignalWatch.ignoreBrokenPipes()
let loop = try Loop()
let service: any Service
switch words[1] {
case "stall": service = StallingService(on: loop, everyMilliseconds: first, forMilliseconds: second)
case "capacity":
    service = try QueueingService(
        on: loop, serverCount: Int(first), serviceNanoseconds: second * 1000)
default: exit(2)
}
let descriptor = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
let port = try ListeningSocket.boundPort(descriptor)
let listener = try Listener(descriptor: descriptor, isUnix: false, on: loop) { listener in
    guard let stream = try? listener.accept() else { return }
    _ = Peer(stream, service)
}
let input = try Stream.adopt(dup(0), on: loop)
let watch = EndWatch { exit(0) }
input.setOwner(watch)
input.startReading()
let line = Array("ready \(port)\n".utf8)
_ = write(1, line, line.count)
loop.run()
