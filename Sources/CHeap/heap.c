#include "CHeap.h"

#include <malloc.h>

void tapedeck_heap_settle(void) {
    mallopt(M_ARENA_MAX, 2);
    // Setting it ends its being raised.
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

void tapedeck_heap_trim(void) { malloc_trim(0); }
