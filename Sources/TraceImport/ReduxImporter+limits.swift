extension ReduxImporter {
    // What cannot be concluded from an export.

    static let limits = [
        "Redux DevTools records actions, not the network: when a response came, and in which order, is known only as the order in which "
            + "actions were reduced (missing: start and arrive at the network).",
        "Frames are not recorded: whether a person saw a wrong state cannot be concluded (missing: render).",
    ]
    static let noStates =
        "This export has no computed states: what an action wrote is unknown, so nothing about overwrites can be concluded. Export with "
        + "the option `features: { export: true }` to keep them (missing: write, time)."
    static let noRequests =
        "No action carries meta.requestId of Redux Toolkit: which action brings the response to which request is unknown, so no write can "
        + "be bound to a response (missing: request)."
    static let plainActions =
        "An action without meta.requestId counts as something that was asked for: whether a person or a response dispatched it is not "
        + "recorded (missing: intent)."
}
