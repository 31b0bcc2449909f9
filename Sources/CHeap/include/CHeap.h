#pragma once

/// Has glibc's allocator give back what is freed, as a process that runs for weeks needs it: at most two arenas, large
/// blocks mapped one by one whatever was freed before, and free memory above a mebibyte returned.
///
/// By itself it makes an arena for each thread that is kept waiting, and takes the largest block ever freed for what is
/// large: lists of instruments, some mebibytes every five minutes, then come out of heaps that grow and never shrink.
void tapedeck_heap_settle(void);

/// Gives back the whole pages between what is in use. By itself only the end of a heap is given back, and something that stays
/// always lies there: in two days a third of what was resident were holes.
///
/// Whoever allocates meanwhile waits for it, some milliseconds at most: to be called now and then.
void tapedeck_heap_trim(void);
