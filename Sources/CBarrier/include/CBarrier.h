#pragma once
#include <stdbool.h>

/// Makes ``tapedeck_barrier_all_threads`` possible in this process; false where the system does not offer it.
///
/// Linux's membarrier(2): glibc has no call for it, and syscall(2) is none that Swift sees.
bool tapedeck_barrier_begin(void);

/// Returns when every running thread of this process has passed a full memory barrier; false where it did not.
bool tapedeck_barrier_all_threads(void);

/// Asks for the line of cache at `place` as one that will be written; nothing waits for it, and no place is wrong.
static inline void tapedeck_fetch_to_write(const void *_Nullable place) {
    __builtin_prefetch(place, 1);
}
