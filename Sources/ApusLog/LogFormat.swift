/// How an event is written: for people, or for a log collector.
package enum LogFormat: String, CaseIterable, Sendable {
    /// `2026-11-23T08:06:34.123Z info  proxy[0] model loaded model=iris version=1`
    case text
    /// `{"time":"…","level":"info","role":"proxy[0]","message":"model loaded","model":"iris"}`
    case json
}
