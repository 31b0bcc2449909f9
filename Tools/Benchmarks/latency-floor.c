// The least that an order's way can take on this machine: a client that decides nothing and decodes nothing. It reads a frame of
// a book, hands it to a second thread, which writes it to a file, is told so, and sends a request of an order's size.
//
//   latency-floor PORT TOPIC FILE NOTES SECONDS     NOTES gets lines of ORDER-LINK-ID NANOSECONDS-WHEN-THE-FRAME-WAS-READ
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

static sem_t handed;
static int written, file;
static char frame[1 << 20];
static ssize_t frame_size;

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
    for (;;) {
        while (sem_wait(&handed) != 0) {}
        if (pwrite(file, frame, (size_t)frame_size, place % (4 << 20)) < 0) die("pwrite");
        place += frame_size;
        if (write(written, &one, sizeof one) != sizeof one) die("eventfd");
    }
    return nothing;
}

static void put(int fd, const char *text) {
    size_t length = strlen(text);
    unsigned char out[1024] = {0x81, 0x80 | 126, (unsigned char)(length >> 8), (unsigned char)length};
    memcpy(out + 8, text, length);  // a mask of zeros
    if (write(fd, out, length + 8) != (ssize_t)length + 8) die("send");
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: latency-floor PORT TOPIC FILE NOTES SECONDS\n");
        return 64;
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&there, sizeof there) != 0) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    file = open(argv[3], O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(frame, 0, sizeof frame);
    for (int i = 0; i < 4; i++)
        if (write(file, frame, sizeof frame) != sizeof frame) die(argv[3]);
    fsync(file);
    written = eventfd(0, 0);
    sem_init(&handed, 0, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, record, NULL);
    char text[600];
    snprintf(text, sizeof text, "GET /v5/public/linear HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n", argv[1]);
    if (write(fd, text, strlen(text)) < 0 || read(fd, frame, sizeof frame) <= 0) die("handshake");
    snprintf(text, sizeof text, "{\"op\":\"subscribe\",\"args\":[\"%s\"]}", argv[2]);
    put(fd, text);
    FILE *notes = fopen(argv[4], "w");
    if (!notes) die(argv[4]);
    uint64_t begin = now(), end = begin + strtoull(argv[5], NULL, 10) * 1000000000u, last = begin;
    for (long number = 0; now() < end;) {
        struct pollfd ends[2] = {{fd, POLLIN, 0}, {written, POLLIN, 0}};
        if (poll(ends, 2, 1000) <= 0) continue;
        frame_size = read(fd, frame, sizeof frame);
        uint64_t at = now();
        if (frame_size <= 0) die("read");
        // Not its own answers, and about as many orders as the desk places.
        if (!memmem(frame, (size_t)frame_size, "\"topic\"", 7) || at - last < 20000000u) continue;
        last = at;
        sem_post(&handed);
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
