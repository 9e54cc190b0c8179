import Testing

/// Tests of the built server. One after the other: each starts processes, and some promise times.
@Suite("Serve", .serialized)
enum ServeTests {}
