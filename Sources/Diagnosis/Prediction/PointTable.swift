/// Points of a search that were looked at: which steps were done, which state they led to, and how many reversals were left to spare.
///
/// Open addressing over columns: a search looks here once for each step that it performs, which a general dictionary made most of its cost.
struct PointTable {
    private var done: [StepSet] = []
    private var states: [Int32] = []
    private var spares: [Int32] = []
    /// Into the columns, + 1; 0 is free. Its length is a power of two.
    private var slots: [Int32] = Array(repeating: 0, count: 64)

    /// Whether the point was looked at before with as much to spare; otherwise it is remembered.
    mutating func isKnown(_ steps: StepSet, state: Int32, spare: Int) -> Bool {
        var place = self.place(steps, state)
        while slots[place] > 0 {
            let index = Int(slots[place]) - 1
            if states[index] == state, done[index] == steps {
                if spares[index] >= spare { return true }
                spares[index] = Int32(spare)
                return false
            }
            place = (place + 1) & (slots.count - 1)
        }
        done.append(steps)
        states.append(state)
        spares.append(Int32(spare))
        slots[place] = Int32(done.count)
        if done.count * 2 > slots.count { grow() }
        return false
    }

    private func place(_ steps: StepSet, _ state: Int32) -> Int {
        let mixed = (steps.mixed ^ UInt64(UInt32(bitPattern: state))) &* 0xC2B2_AE3D_27D4_EB4F
        return Int(truncatingIfNeeded: mixed >> 20) & (slots.count - 1)
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for index in done.indices {
            var place = self.place(done[index], states[index])
            while slots[place] > 0 { place = (place + 1) & (slots.count - 1) }
            slots[place] = Int32(index + 1)
        }
    }
}
