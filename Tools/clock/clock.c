// The virtual clock of `tapedeck test-bot` for programs of any language that take time from glibc: LD_PRELOAD.
//
// The file that $TAPEDECK_CLOCK names is mapped by server and bot; its words are described in the server's ClientClock.
// Replaced are the clocks, the sleeps, and waits for descriptors with a time-out. Programs that are linked statically or
// call the kernel themselves (Go) are not reached.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { TIME = 1, USED = 2, GONE = 3, FIRST = 8, WIDTH = 8, PLACES = 256 };
enum { THREAD, SLEEP, UNTIL, OVER };

static _Atomic int64_t *words;
static pthread_key_t key;
static __thread int place = -1;

static int64_t real_now(void) {
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void real_pause(int64_t nanoseconds) {
    struct timespec t = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL);
}

static void leave(void *value) {
    intptr_t number = (intptr_t)value - 1;
    words[FIRST + WIDTH * number + UNTIL] = 0;
    words[FIRST + WIDTH * number + THREAD] = 0;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("TAPEDECK_CLOCK");
    if (!path || !*path) return;
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    size_t size = 8 * (FIRST + WIDTH * PLACES);
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (map == MAP_FAILED) return;
    if (memcmp(map, "TDCLOCK1", 8) != 0) {
        munmap(map, size);
        return;
    }
    pthread_key_create(&key, leave);
    words = map;
    words[USED] = 1;
}

static int64_t now(void) {
    static _Atomic int64_t gone;
    int64_t time = words[TIME];
    if (!words[GONE]) return time;
    int64_t none = 0;
    atomic_compare_exchange_strong(&gone, &none, real_now());
    return time + real_now() - gone;
}

static int own_place(void) {
    if (place >= 0) return place;
    for (int number = 0; number < PLACES; number++) {
        int64_t none = 0;
        if (!atomic_compare_exchange_strong(&words[FIRST + WIDTH * number + THREAD], &none, syscall(SYS_gettid)))
            continue;
        place = number;
        words[FIRST + WIDTH * number + UNTIL] = 0;
        pthread_setspecific(key, (void *)(intptr_t)(number + 1));
        return number;
    }
    return -1;
}

// Until the moment, or until `ready` gives something else than 0.
static int wait_until(int64_t until, int (*ready)(void *), void *value) {
    int number = own_place();
    if (number < 0) return 0;
    _Atomic int64_t *own = words + FIRST + WIDTH * number;
    int64_t sleep = ++own[SLEEP];
    own[UNTIL] = until > 0 ? until : 1;
    int result = 0;
    while (own[OVER] != sleep) {
        if (words[GONE] && now() >= until) break;
        if (ready && (result = ready(value))) break;
        if (!ready) real_pause(100000);
    }
    own[UNTIL] = 0;
    return result;
}

static int64_t nanoseconds(const struct timespec *t) { return t->tv_sec * 1000000000ll + t->tv_nsec; }

int clock_gettime(clockid_t id, struct timespec *t) {
    if (!words || id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID || id < 0)
        return syscall(SYS_clock_gettime, id, t) < 0 ? -1 : 0;
    int64_t time = now();
    t->tv_sec = time / 1000000000;
    t->tv_nsec = time % 1000000000;
    return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    (void)zone;
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    t->tv_sec = exact.tv_sec;
    t->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (out) *out = exact.tv_sec;
    return exact.tv_sec;
}

int clock_nanosleep(clockid_t id, int flags, const struct timespec *wanted, struct timespec *rest) {
    if (!words) return syscall(SYS_clock_nanosleep, id, flags, wanted, rest) < 0 ? errno : 0;
    int64_t until = nanoseconds(wanted) + (flags & TIMER_ABSTIME ? 0 : now());
    if (until > now()) wait_until(until, NULL, NULL);
    if (rest && !(flags & TIMER_ABSTIME)) *rest = (struct timespec){0, 0};
    return 0;
}

int nanosleep(const struct timespec *wanted, struct timespec *rest) {
    if (wanted->tv_nsec < 0 || wanted->tv_nsec > 999999999 || wanted->tv_sec < 0) {
        errno = EINVAL;
        return -1;
    }
    int code = clock_nanosleep(CLOCK_MONOTONIC, 0, wanted, rest);
    if (code) errno = code;
    return code ? -1 : 0;
}

int usleep(useconds_t wanted) {
    struct timespec t = {wanted / 1000000, wanted % 1000000 * 1000};
    return nanosleep(&t, NULL);
}

unsigned sleep(unsigned wanted) {
    struct timespec t = {wanted, 0};
    nanosleep(&t, NULL);
    return 0;
}

struct polled {
    struct pollfd *files;
    nfds_t count;
    int error;
};

static int poll_ready(void *value) {
    struct polled *polled = value;
    struct timespec t = {0, 500000};
    int found = syscall(SYS_ppoll, polled->files, polled->count, &t, NULL, 0);
    if (found < 0) polled->error = errno;
    return found;
}

int poll(struct pollfd *files, nfds_t count, int milliseconds) {
    struct timespec none = {0, 0};
    if (!words || milliseconds <= 0)
        return syscall(SYS_ppoll, files, count, milliseconds < 0 ? NULL : &none, NULL, 0);
    struct polled polled = {files, count, 0};
    int found = wait_until(now() + milliseconds * 1000000ll, poll_ready, &polled);
    if (found < 0) errno = polled.error;
    return found;
}

struct awaited {
    int file;
    struct epoll_event *events;
    int most;
    int error;
};

static int epoll_ready(void *value) {
    struct awaited *awaited = value;
    int found = syscall(SYS_epoll_pwait, awaited->file, awaited->events, awaited->most, 0, NULL, 0);
    if (found < 0) awaited->error = errno;
    if (found == 0) real_pause(300000);
    return found;
}

int epoll_wait(int file, struct epoll_event *events, int most, int milliseconds) {
    if (!words || milliseconds <= 0)
        return syscall(SYS_epoll_pwait, file, events, most, milliseconds, NULL, 0);
    struct awaited awaited = {file, events, most, 0};
    int found = wait_until(now() + milliseconds * 1000000ll, epoll_ready, &awaited);
    if (found < 0) errno = awaited.error;
    return found;
}
