// Memory of one call. It is handed out and never taken back: each call has an instance of its own, which
// goes away with all its memory. So what an export returns may also be a constant of the program.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PAGE 65536
#define ALIGNMENT 16

extern unsigned char __heap_base;

static uintptr_t next, end;

// Before each block stands its size, for `realloc`.
static size_t *size_of(void *block) { return (size_t *)((uintptr_t)block - ALIGNMENT); }

void *malloc(size_t size) {
  if (next == 0) {
    next = ((uintptr_t)&__heap_base + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
    end = __builtin_wasm_memory_size(0) * PAGE;
  }
  if (size > SIZE_MAX / 2) return NULL;
  size_t whole = ALIGNMENT + ((size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1));
  if (end < next || end - next < whole) {
    size_t pages = (next + whole - end + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX) return NULL;
    end += pages * PAGE;
  }
  void *block = (void *)(next + ALIGNMENT);
  next += whole;
  *size_of(block) = size;
  return block;
}

void *calloc(size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) return NULL;
  void *block = malloc(count * size);
  return block == NULL ? NULL : memset(block, 0, count * size);
}

void *realloc(void *block, size_t size) {
  if (block != NULL && *size_of(block) >= size) return block;
  void *larger = malloc(size);
  if (larger != NULL && block != NULL) memcpy(larger, block, *size_of(block));
  return larger;
}

void free(void *block) { (void)block; }
