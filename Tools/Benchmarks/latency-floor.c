// The least that an order's way can take on this machine: a client that decides nothing and decodes nothing. It reads a frame of
// a book, hands it to a second thread, which writes it to a file, is told so, and sends a request of an order's size.
//
//   latency-floor PORT FILE NOTES SECONDS TOPIC...     NOTES gets lines of ORDER-LINK-ID NANOSECONDS-WHEN-THE-FRAME-WAS-READ
//
// A frame of the first topic has a request sent, 20 ms or more after the last; all else is handed over and written too, and nobody
// waits for it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TURNS 64
#define ROOM (64 << 10)

// What was read, until it is written; nobody reads faster than so many turns are written.
static char frames[TURNS][ROOM];
static ssize_t sizes[TURNS];
static int is_waited_for[TURNS];
static sem_t handed;
static int written, file;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "latency-floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

// As a recorder's thread: sleeps until there is something, writes it, and says so.
static void *record(void *nothing) {
    uint64_t one = 1;
    off_t place = 0;
    for (unsigned turn = 0;; turn = (turn + 1) % TURNS) {
        while (sem_wait(&handed) != 0) {}
        if (pwrite(file, frames[turn], (size_t)sizes[turn], place % (4 << 20)) < 0) die("pwrite");
        place += sizes[turn];
        if (is_waited_for[turn] && write(written, &one, sizeof one) != sizeof one) die("eventfd");
    }
    return nothing;
}

static void put(int fd, const char *text) {
    size_t length = strlen(text);
    unsigned char out[8192] = {0x81, 0x80 | 126, (unsigned char)(length >> 8), (unsigned char)length};
    memcpy(out + 8, text, length);  // a mask of zeros
    if (write(fd, out, length + 8) != (ssize_t)length + 8) die("send");
}

int main(int argc, char **argv) {
    if (argc < 6) {
        fprintf(stderr, "usage: latency-floor PORT FILE NOTES SECONDS TOPIC...\n");
        return 64;
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&there, sizeof there) != 0) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    file = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(frames, 0, sizeof frames);
    for (int i = 0; i < TURNS; i++)
        if (write(file, frames[i], ROOM) != ROOM) die(argv[2]);
    fsync(file);
    written = eventfd(0, 0);
    sem_init(&handed, 0, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, record, NULL);
    char text[4096], topic[100];
    snprintf(text, sizeof text, "GET /v5/public/linear HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n", argv[1]);
    if (write(fd, text, strlen(text)) < 0 || read(fd, frames[0], ROOM) <= 0) die("handshake");
    size_t length = (size_t)snprintf(text, sizeof text, "{\"op\":\"subscribe\",\"args\":[");
    for (int i = 5; i < argc && length < sizeof text - 100; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s\"%s\"", i > 5 ? "," : "", argv[i]);
    snprintf(text + length, sizeof text - length, "]}");
    put(fd, text);
    snprintf(topic, sizeof topic, "\"topic\":\"%s\"", argv[5]);
    FILE *notes = fopen(argv[3], "w");
    if (!notes) die(argv[3]);
    uint64_t begin = now(), end = begin + strtoull(argv[4], NULL, 10) * 1000000000u, last = begin;
    unsigned turn = 0;
    for (long number = 0; now() < end;) {
        struct pollfd ends[1] = {{fd, POLLIN, 0}};
        if (poll(ends, 1, 1000) <= 0) continue;
        char *frame = frames[turn];
        ssize_t size = read(fd, frame, ROOM);
        uint64_t at = now();
        if (size <= 0) die("read");
        // Not its own answers, and about as many orders as the desk places.
        int is_due = at - last >= 20000000u && memmem(frame, (size_t)size, topic, strlen(topic)) != NULL;
        sizes[turn] = size;
        is_waited_for[turn] = is_due;
        turn = (turn + 1) % TURNS;
        sem_post(&handed);
        if (!is_due) continue;
        last = at;
        struct pollfd done = {written, POLLIN, 0};
        while (poll(&done, 1, -1) <= 0) {}
        uint64_t count;
        if (read(written, &count, sizeof count) != sizeof count) die("eventfd");
        snprintf(text, sizeof text, "{\"reqId\":\"floor-%ld\",\"header\":{\"X-BAPI-TIMESTAMP\":\"%lu\",\"X-BAPI-RECV-WINDOW\":\"5000\"},\"op\":\"order.create\","
                 "\"args\":[{\"category\":\"linear\",\"symbol\":\"BTCUSDT\",\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"0.001\",\"price\":\"10000\","
                 "\"timeInForce\":\"PostOnly\",\"orderLinkId\":\"floor-%ld\"}]}", number, at / 1000000, number);
        put(fd, text);
        fprintf(notes, "floor-%ld %lu\n", number++, at);
    }
    fclose(notes);
    return 0;
}
