/// The bounds of what a store keeps (S8).
package enum GridStoreLimits {
    /// How many intents, the latest, keep their answer for S5. At 20 busy commits a second of 50 intents each that is 17 minutes; an
    /// agent or a browser resends within seconds of a reconnect, and what is older than this is planned as if it were new.
    package static let keptIntents = 1_000_000
}
