import ChangePipeline
import Wire

// Names that several modules use, settled for this one.

typealias Problem = Wire.Problem
typealias Signal = ChangePipeline.Signal
