// Preloaded into a desk by the latency benchmark: times each fdatasync, and lets those of one stretch take five seconds.
//
//   SYNC_NOTES=FILE     a line of nanoseconds for each call
//   SYNC_STALL=S        seconds after the first call from which on, for five seconds, a call waits until they are over
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int fdatasync(int fd) {
    static int (*real)(int);
    static FILE *out;
    static uint64_t first;
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    uint64_t begin = now();
    if (!first) {
        first = begin;
        const char *path = getenv("SYNC_NOTES");
        if (path) out = fopen(path, "w");
    }
    const char *stall = getenv("SYNC_STALL");
    if (stall) {
        uint64_t from = first + strtoull(stall, NULL, 10) * 1000000000u, to = from + 5000000000u;
        if (begin >= from && begin < to) {
            struct timespec rest = {(time_t)((to - begin) / 1000000000u), (long)((to - begin) % 1000000000u)};
            nanosleep(&rest, NULL);
        }
    }
    int result = real(fd);
    if (out) {
        fprintf(out, "%lu\n", now() - begin);
        fflush(out);
    }
    return result;
}
