// A clock on the wire between a desk and the exchange in a box: forwards bytes both ways and notes, by one clock, when each
// frame of the exchange was about to be written to its client, and when each request of a client came.
//
//   latency-tap PORT EXCHANGE-PORT NOTES     until it is killed; then NOTES has lines of
//       s NANOSECONDS CRC32-OF-PAYLOAD       a text frame of the exchange
//       c NANOSECONDS NANOSECONDS create|cancel ORDER-LINK-ID
//                                            a request: on the socket, as the kernel stamps it; read by this program,
//                                            which had to be woken for it
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

static void die(const char *what) {
    fprintf(stderr, "latency-tap: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint16_t exchange;
static const char *notes;
static char *log_text;
static size_t log_size, log_room = 256 << 20;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void note(const char *text, int count) {
    pthread_mutex_lock(&lock);
    if (log_size + (size_t)count < log_room) {
        memcpy(log_text + log_size, text, (size_t)count);
        log_size += (size_t)count;
    }
    pthread_mutex_unlock(&lock);
}

static void finish(int signal) {
    (void)signal;
    FILE *out = fopen(notes, "w");
    if (out) fwrite(log_text, 1, log_size, out), fclose(out);
    _exit(0);
}

typedef struct {
    unsigned char bytes[1 << 20];
    size_t have;
    int upgraded;
} Stream;

// What a client asks for, in a frame or in a body of HTTP.
static void request(const char *text, size_t count, uint64_t came, uint64_t at) {
    const char *found = memmem(text, count, "\"orderLinkId\":\"", 15);
    if (!found) return;
    const char *kind = memmem(text, count, "order.create", 12) || memmem(text, count, "/v5/order/create", 16) ? "create"
        : memmem(text, count, "order.cancel", 12) || memmem(text, count, "/v5/order/cancel", 16)             ? "cancel"
                                                                                                            : NULL;
    if (!kind) return;
    char id[80] = "", line[160];
    sscanf(found + 15, "%70[^\"]", id);
    note(line, snprintf(line, sizeof line, "c %lu %lu %s %s\n", came, at, kind, id));
}

// Whole frames, or the head of HTTP, from the front of the stream.
static void look(Stream *stream, int from_exchange, uint64_t came, uint64_t at) {
    size_t place = 0;
    if (!stream->upgraded) {
        unsigned char *end = memmem(stream->bytes, stream->have, "\r\n\r\n", 4);
        if (!end) return;
        size_t head = (size_t)(end + 4 - stream->bytes);
        if (memmem(stream->bytes, head, "pgrade: websocket", 17)) {
            stream->upgraded = 1;
            place = head;
        } else {
            if (!from_exchange) request((char *)stream->bytes, stream->have, came, at);
            stream->have = 0;
            return;
        }
    }
    while (place + 2 <= stream->have) {
        unsigned char *frame = stream->bytes + place;
        size_t length = frame[1] & 127, head = 2;
        if (length == 126) {
            if (place + 4 > stream->have) break;
            length = (size_t)frame[2] << 8 | frame[3], head = 4;
        } else if (length == 127) {
            if (place + 10 > stream->have) break;
            length = 0;
            for (int i = 2; i < 10; i++) length = length << 8 | frame[i];
            head = 10;
        }
        unsigned char *mask = frame[1] & 128 ? frame + head : NULL;
        if (mask) head += 4;
        if (place + head + length > stream->have) break;
        unsigned char *text = frame + head;
        if (mask)
            for (size_t i = 0; i < length; i++) text[i] ^= mask[i % 4];
        if (from_exchange) {
            char line[80];
            unsigned long crc = crc32(0, text, (unsigned)length);
            note(line, snprintf(line, sizeof line, "s %lu %lu\n", at, crc));
        } else {
            request((char *)text, length, came, at);
        }
        place += head + length;
    }
    memmove(stream->bytes, stream->bytes + place, stream->have - place);
    stream->have -= place;
}

// Reads, and says when the bytes were put on the socket: the kernel stamps them on their way in, by the wall clock.
static ssize_t receive(int from, void *bytes, size_t room, uint64_t *came) {
    char control[64];
    struct iovec part = {bytes, room};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t count = recvmsg(from, &message, 0);
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    uint64_t at = now();
    *came = at;
    for (struct cmsghdr *c = count > 0 ? CMSG_FIRSTHDR(&message) : NULL; c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
        struct timespec stamp;
        memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        *came = at - ((uint64_t)(wall.tv_sec - stamp.tv_sec) * 1000000000u + (uint64_t)(wall.tv_nsec - stamp.tv_nsec));
    }
    return count;
}

static int pass(int from, int to, Stream *stream, int from_exchange) {
    unsigned char chunk[65536];
    uint64_t came = 0;
    ssize_t count = receive(from, chunk, sizeof chunk, &came);
    if (count <= 0) return 0;
    uint64_t at = now();
    if (stream->have + (size_t)count > sizeof stream->bytes) stream->have = 0;
    memcpy(stream->bytes + stream->have, chunk, (size_t)count);
    stream->have += (size_t)count;
    // A request has arrived when it was read. A frame is sent when it is written: the clock is looked at after the looking.
    if (from_exchange) {
        at = now();
        for (ssize_t sent = 0, some; sent < count; sent += some)
            if ((some = write(to, chunk + sent, (size_t)(count - sent))) <= 0) return 0;
        look(stream, 1, came, at);
    } else {
        for (ssize_t sent = 0, some; sent < count; sent += some)
            if ((some = write(to, chunk + sent, (size_t)(count - sent))) <= 0) return 0;
        look(stream, 0, came, at);
    }
    return 1;
}

static void *serve(void *argument) {
    int client = (int)(intptr_t)argument, one = 1;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(exchange), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    Stream *streams = calloc(2, sizeof(Stream));
    if (connect(server, (struct sockaddr *)&there, sizeof there) == 0) {
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(client, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
        setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct pollfd ends[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
        while (poll(ends, 2, -1) > 0) {
            if (ends[1].revents && !pass(server, client, &streams[1], 1)) break;
            if (ends[0].revents && !pass(client, server, &streams[0], 0)) break;
        }
    }
    free(streams);
    close(client);
    close(server);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: latency-tap PORT EXCHANGE-PORT NOTES\n");
        return 64;
    }
    exchange = (uint16_t)atoi(argv[2]);
    notes = argv[3];
    log_text = malloc(log_room);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, finish);
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0) die("bind");
    listen(listener, 64);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) continue;
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0) pthread_detach(thread);
    }
}
