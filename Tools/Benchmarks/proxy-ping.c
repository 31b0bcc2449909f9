// What a proxy adds: an exchange and a bot in one process, joined directly and through the proxy.
//
//   proxy-ping SECONDS RATE    prints the exchange's port, reads the proxy's from standard input, measures, and prints
//                              one line a row: name, count, p50, p99 and largest, of both ways, in nanoseconds
//
// Pushes: the exchange sends a change of a book at a fixed pace, in turn to the socket of each way; the time that stands in it is
// taken from the time at which the bot has read all of it. Calls: the bot posts an order by each way in turn, on connections kept alive:
// there and back, and both ways apart by the time at which the exchange has all of the order.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ways = 2, rows = 3, counts_max = 4 << 20 };

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

_Noreturn static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void send_all(int fd, const void *bytes, size_t count) {
    const char *at = bytes;
    while (count) {
        ssize_t n = send(fd, at, count, MSG_NOSIGNAL);
        if (n <= 0) fail("send");
        at += n;
        count -= n;
    }
}

/// Reads until the bytes hold a whole HTTP message; its length, 0 at the end of the connection.
static size_t read_http(int fd, char *buffer, size_t size) {
    size_t have = 0;
    for (;;) {
        buffer[have] = 0;
        char *end = strstr(buffer, "\r\n\r\n");
        if (end) {
            size_t head = end - buffer + 4, body = 0;
            char *length = strcasestr(buffer, "content-length:");
            if (length && length < end) body = strtoul(length + 15, 0, 10);
            if (have >= head + body) return head + body;
        }
        if (have + 1 >= size) fail("a message is too long");
        ssize_t n = recv(fd, buffer + have, size - 1 - have, 0);
        if (n <= 0) return 0;
        have += n;
    }
}

static int dial(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

// The exchange.

static int pushed[ways];
/// When the exchange had the last order; one at a time is under way.
static volatile int64_t arrived;
static volatile int pushing;

static void *serve(void *argument) {
    int fd = (int)(intptr_t)argument;
    static __thread char buffer[1 << 16];
    while (read_http(fd, buffer, sizeof buffer)) {
        if (strcasestr(buffer, "upgrade: websocket")) {
            const char *answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: x\r\n\r\n";
            send_all(fd, answer, strlen(answer));
            char *way = strstr(buffer, "way=");
            pushed[way && way[4] == '1'] = fd;
            return 0;
        }
        const char *body = "{\"retCode\":0,\"retMsg\":\"OK\",\"result\":{\"orderId\":\"1\",\"orderLinkId\":\"x\",\"list\":[]},"
                           "\"retExtInfo\":{},\"time\":1767225600000}";
        char answer[512];
        int count = snprintf(answer, sizeof answer,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
        arrived = now();
        send_all(fd, answer, count);
    }
    close(fd);
    return 0;
}

static void *listen_for(void *argument) {
    int listener = (int)(intptr_t)argument, one = 1;
    for (;;) {
        int fd = accept(listener, 0, 0);
        if (fd < 0) fail("accept");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_t thread;
        pthread_create(&thread, 0, serve, (void *)(intptr_t)fd);
        pthread_detach(thread);
    }
}

/// One change of a book to a socket, or its snapshot.
static void push(int fd, int64_t u, int is_snapshot) {
    char text[2048], frame[2200];
    int count = snprintf(text, sizeof text,
        "{\"topic\":\"orderbook.50.BTCUSDT\",\"type\":\"%s\",\"ts\":1767225600000,\"data\":{\"s\":\"BTCUSDT\",\"b\":["
        "[\"90000.1\",\"%lld.5\"],[\"90000.0\",\"2\"],[\"89999.9\",\"3\"]],\"a\":[[\"90000.2\",\"1\"],[\"90000.3\",\"4\"]],"
        "\"u\":%lld,\"seq\":%lld},\"cts\":%lld}",
        is_snapshot ? "snapshot" : "delta", (long long)(u % 9 + 1), (long long)u, (long long)u, (long long)now());
    frame[0] = (char)0x81;
    frame[1] = 126;
    frame[2] = (char)(count >> 8);
    frame[3] = (char)(count & 255);
    memcpy(frame + 4, text, count);
    send_all(fd, frame, count + 4);
}

static int64_t rate;

static void *push_all(void *argument) {
    (void)argument;
    int64_t next = now(), u = 1;
    for (; pushing; u++) {
        next += 1000000000LL / rate;
        while (now() < next) {
            struct timespec pause = {0, 20000};
            if (next - now() > 60000) nanosleep(&pause, 0);
        }
        push(pushed[u & 1], u / 2 + 1, u <= 2);
    }
    return 0;
}

// The bot.

static int64_t *taken[rows][ways];
static size_t many[rows][ways];

static void note(int row, int way, int64_t nanoseconds) {
    if (many[row][way] < counts_max) taken[row][way][many[row][way]++] = nanoseconds;
}

static void *hear(void *argument) {
    int *socket = argument, way = socket[1];
    static __thread unsigned char buffer[1 << 16];
    size_t have = 0;
    for (;;) {
        ssize_t n = recv(socket[0], buffer + have, sizeof buffer - have, 0);
        if (n <= 0) return 0;
        int64_t time = now();
        have += n;
        size_t at = 0;
        while (have - at >= 4) {
            size_t length = buffer[at + 2] << 8 | buffer[at + 3];
            if (have - at < 4 + length) break;
            // The stamp is what the text ends with.
            unsigned char *digit = buffer + at + 4 + length - 2;
            int64_t stamp = 0, place = 1;
            for (; *digit >= '0' && *digit <= '9'; digit--, place *= 10) stamp += (*digit - '0') * place;
            note(0, way, time - stamp);
            at += 4 + length;
        }
        memmove(buffer, buffer + at, have - at);
        have -= at;
    }
}

static int compare(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static void tell(const char *name, int row) {
    printf("%s", name);
    for (int way = 0; way < ways; way++) {
        int64_t *times = taken[row][way];
        size_t count = many[row][way];
        if (count < 100) fail("too little was measured");
        qsort(times, count, sizeof(int64_t), compare);
        printf(" %zu %lld %lld %lld", count, (long long)times[count / 2], (long long)times[count * 99 / 100],
            (long long)times[count - 1]);
        many[row][way] = 0;
    }
    printf("\n");
    fflush(stdout);
}

static void measure_pushes(const int *ports, double seconds) {
    static int sockets[ways][2];
    pthread_t bots[ways], exchange;
    for (int way = 0; way < ways; way++) {
        char request[256], answer[4096];
        sockets[way][0] = dial(ports[way]);
        sockets[way][1] = way;
        int count = snprintf(request, sizeof request,
            "GET /v5/public/linear?way=%d HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", way);
        send_all(sockets[way][0], request, count);
        if (!read_http(sockets[way][0], answer, sizeof answer) || !strstr(answer, " 101 ")) fail("no handshake");
        pthread_create(&bots[way], 0, hear, sockets[way]);
    }
    while (!pushed[0] || !pushed[1]) usleep(1000);
    usleep(100000);
    pushing = 1;
    pthread_create(&exchange, 0, push_all, 0);
    usleep((useconds_t)(seconds * 1e6));
    pushing = 0;
    pthread_join(exchange, 0);
    usleep(200000);
    tell("push", 0);
    for (int way = 0; way < ways; way++) {
        shutdown(sockets[way][0], SHUT_RDWR);
        pthread_join(bots[way], 0);
    }
}

static void measure_calls(const int *ports, double seconds) {
    int sockets[ways] = {dial(ports[0]), dial(ports[1])};
    const char *body = "{\"category\":\"linear\",\"symbol\":\"BTCUSDT\",\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"0.01\","
                       "\"price\":\"90000\",\"orderLinkId\":\"x\"}";
    char request[1024], answer[1 << 16];
    int count = snprintf(request, sizeof request,
        "POST /v5/order/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-BAPI-API-KEY: BENCHKEY00000001\r\n"
        "X-BAPI-SIGN: 32c4e38e4ce0c360da0eef0814130b613c22d67d1c0c0e61274885421c04cae0\r\nX-BAPI-TIMESTAMP: 1767225600000\r\n"
        "X-BAPI-RECV-WINDOW: 5000\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    int64_t end = now() + (int64_t)(seconds * 1e9);
    for (int turn = 0; now() < end; turn++) {
        for (int way = 0; way < ways; way++) {
            int64_t start = now();
            send_all(sockets[way], request, count);
            if (!read_http(sockets[way], answer, sizeof answer)) fail("no answer");
            int64_t end = now();
            // The first ones make connections.
            if (turn < 20) continue;
            note(0, way, arrived - start);
            note(1, way, end - arrived);
            note(2, way, end - start);
        }
        usleep(1000);
    }
    tell("ask", 0);
    tell("answer", 1);
    tell("call", 2);
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: proxy-ping SECONDS RATE\n");
        return 64;
    }
    double seconds = atof(arguments[1]);
    rate = atoll(arguments[2]);
    for (int row = 0; row < rows; row++)
        for (int way = 0; way < ways; way++) taken[row][way] = malloc(counts_max * sizeof(int64_t));
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    if (bind(listener, (struct sockaddr *)&at, length) || listen(listener, 64)) fail("listen");
    getsockname(listener, (struct sockaddr *)&at, &length);
    pthread_t thread;
    pthread_create(&thread, 0, listen_for, (void *)(intptr_t)listener);
    int ports[ways] = {ntohs(at.sin_port), 0};
    printf("%d\n", ports[0]);
    fflush(stdout);
    if (scanf("%d", &ports[1]) != 1) fail("no port");
    measure_pushes(ports, seconds);
    measure_calls(ports, seconds);
    return 0;
}
