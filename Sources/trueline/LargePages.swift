import Foundation

#if canImport(Glibc)
    import CAllocator
#endif

/// Memory for commands that read a whole trace, answer and end.
///
/// Such a command fills hundreds of megabytes once and looks them up at random. With the allocator's usual settings every large table is
/// mapped apart, in pages of 4 KiB, and given back to be mapped once more: a fifth of the time of reading a trace
/// (`Docs/decisions/0005-own-json-cursor-for-traces.md`). A server must not use this: its heap would never shrink.
enum LargePages {
    /// Makes the heap one region that only grows, with pages of 2 MiB as far as a quarter of the machine's memory, where the system has
    /// them. Call it first; it fails silently, as the command works without.
    static func useForHeap() {
        #if canImport(Glibc)
            let quarter = max(0, sysconf(Int32(_SC_PHYS_PAGES))) / 4 * sysconf(Int32(_SC_PAGESIZE))
            let room = min(quarter, 1 << 30)
            guard room >= 64 << 20 else { return }
            // No table apart from the heap, nothing given back, one heap for all threads.
            mallopt(M_MMAP_MAX, 0)
            mallopt(M_TRIM_THRESHOLD, Int32.max)
            mallopt(M_ARENA_MAX, 1)
            mallopt(M_TOP_PAD, Int32(room))
            // Makes the heap grow by the room, unless the program has another allocator. Memory is taken only when it is written.
            let before = UInt(bitPattern: sbrk(0))
            free(malloc(1 << 20))
            let hugePage: UInt = 2 << 20
            let (first, last) = ((before / hugePage + 1) * hugePage, UInt(bitPattern: sbrk(0)) / hugePage * hugePage)
            if first < last, let start = UnsafeMutableRawPointer(bitPattern: first) {
                madvise(start, Int(last - first), Int32(MADV_HUGEPAGE))
            }
        #endif
    }
}
