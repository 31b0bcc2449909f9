#pragma once

/// Has glibc's allocator give back what is freed, as a process that runs for weeks needs it: at most two arenas, large
/// blocks mapped one by one whatever was freed before, and free memory above a mebibyte returned.
///
/// By itself it makes an arena for each thread that is kept waiting, and takes the largest block ever freed for what is
/// large: lists of instruments, some mebibytes every five minutes, then come out of heaps that grow and never shrink.
void tapedeck_heap_settle(void);
