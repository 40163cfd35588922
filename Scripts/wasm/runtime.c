// What Embedded Swift leaves undefined for wasm32 without an operating system: an allocator, the four memory functions,
// bytes for hash seeds, and a place for last words. Compiled by Scripts/build-wasm.sh, never natively.
#include <stddef.h>
#include <stdint.h>

extern unsigned char __heap_base;

enum { wasmPage = 65536, alignment = 16, classes = 28, smallest = 5 };

// Blocks are powers of two, 32 bytes and up, cut from memory that only grows; a freed block waits on its class's list for
// the next of its size. The 16 bytes before a block hold its class. Waste is bounded by half, which for a core of bounded
// size is a bound; in return both operations take constant time and nothing fragments.
typedef struct Block {
  struct Block *next;
} Block;

static Block *freed[classes + 1];
static uintptr_t bumpStart, bumpEnd;

static uint32_t *classOf(void *block) { return (uint32_t *)((uintptr_t)block - alignment); }

static void *carve(size_t size) {
  if (bumpStart == 0) {
    bumpStart = ((uintptr_t)&__heap_base + alignment - 1) & ~(uintptr_t)(alignment - 1);
    bumpEnd = (uintptr_t)__builtin_wasm_memory_size(0) * wasmPage;
  }
  if (size > bumpEnd - bumpStart) {
    size_t missing = (size - (bumpEnd - bumpStart) + wasmPage - 1) / wasmPage;
    if (__builtin_wasm_memory_grow(0, missing) == (size_t)-1) return NULL;
    bumpEnd += missing * wasmPage;
  }
  void *place = (void *)bumpStart;
  bumpStart += size;
  return place;
}

void *malloc(size_t size) {
  if (size > ((size_t)1 << classes) - alignment) return NULL;
  uint32_t class = smallest;
  while (((size_t)1 << class) < size + alignment) class += 1;
  Block *block = freed[class];
  if (block) {
    freed[class] = block->next;
    return block;
  }
  char *place = carve((size_t)1 << class);
  if (!place) return NULL;
  void *fresh = place + alignment;
  *classOf(fresh) = class;
  return fresh;
}

void free(void *block) {
  if (!block) return;
  uint32_t class = *classOf(block);
  ((Block *)block)->next = freed[class];
  freed[class] = block;
}

// Nothing in the core is aligned to more than 16 bytes; if something ever is, this says so instead of misplacing it.
int posix_memalign(void **out, size_t wanted, size_t size) {
  if (wanted > alignment) return 22;
  *out = malloc(size);
  return *out ? 0 : 12;
}

// These become single instructions of WebAssembly's bulk memory; -fno-builtin keeps them from calling themselves.
void *memcpy(void *to, const void *from, size_t count) { return __builtin_memcpy(to, from, count); }
void *memmove(void *to, const void *from, size_t count) { return __builtin_memmove(to, from, count); }
void *memset(void *to, int byte, size_t count) { return __builtin_memset(to, byte, count); }

int memcmp(const void *a, const void *b, size_t count) {
  const unsigned char *left = a, *right = b;
  for (size_t at = 0; at < count; at++)
    if (left[at] != right[at]) return left[at] < right[at] ? -1 : 1;
  return 0;
}

// Seeds of Swift's hashing. The core hands nothing out whose order depends on them; the replay test proves it by using two.
static uint64_t seed = 1;

__attribute__((export_name("runtime_seed"))) void runtime_seed(uint64_t value) { seed = value; }

void arc4random_buf(void *out, size_t count) {
  unsigned char *bytes = out;
  for (size_t at = 0; at < count; at++) {
    seed += 0x9E3779B97F4A7C15u;
    uint64_t mixed = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    bytes[at] = (unsigned char)(mixed ^ (mixed >> 31));
  }
}

// The runtime prints before some traps; nobody is there to read it, the host reports the trap's stack.
int putchar(int character) { return character; }
