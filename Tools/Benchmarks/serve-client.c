// The other end of `tapedeck serve` in a benchmark: as little work a message as a client can do, so that the figures are
// the server's. One thread a connection.
//
//   serve-client push HOST:PORT tls|plain CONNECTIONS SECONDS PATH TOPIC...   pushes and bytes a second, all together
//   serve-client hold HOST:PORT tls|plain CONNECTIONS SECONDS PATH TOPIC...   the same, and each connection's smallest count
//   serve-client orders HOST:PORT tls|plain CONNECTIONS SECONDS RATE KEY SECRET SYMBOL PRICE QTY
//        REST orders placed and cancelled in turn at a fixed rate: round trips from the moment that each was due
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
    fprintf(stderr, "serve-client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

// ---- one connection

typedef struct {
    int fd;
    SSL *ssl;
    unsigned char *buffer;
    size_t have, at, size;
} Line;

static SSL_CTX *tls;
static struct sockaddr_in peer;

static Line dial(void) {
    Line line = {.size = 1 << 20};
    line.buffer = malloc(line.size);
    line.fd = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    setsockopt(line.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(line.fd, (struct sockaddr *)&peer, sizeof peer) != 0) die("connect");
    if (tls) {
        line.ssl = SSL_new(tls);
        SSL_set_fd(line.ssl, line.fd);
        if (SSL_connect(line.ssl) != 1) die("TLS");
    }
    return line;
}

static void put(Line *line, const void *bytes, size_t count) {
    const char *from = bytes;
    while (count > 0) {
        ssize_t sent = line->ssl ? SSL_write(line->ssl, from, (int)count) : write(line->fd, from, count);
        if (sent <= 0) die("write");
        from += sent;
        count -= (size_t)sent;
    }
}

// More bytes behind those that are there.
static int fill(Line *line) {
    if (line->at > 0) {
        memmove(line->buffer, line->buffer + line->at, line->have - line->at);
        line->have -= line->at;
        line->at = 0;
    }
    if (line->have == line->size) {
        line->size *= 2;
        line->buffer = realloc(line->buffer, line->size);
    }
    size_t room = line->size - line->have;
    ssize_t got = line->ssl ? SSL_read(line->ssl, line->buffer + line->have, (int)room)
                            : read(line->fd, line->buffer + line->have, room);
    if (got <= 0) return 0;
    line->have += (size_t)got;
    return 1;
}

// The answer to one HTTP request; its body, ended by 0, stays valid until the next call.
static char *answer(Line *line, int *status) {
    for (;;) {
        char *start = (char *)line->buffer + line->at;
        char *end = memmem(start, line->have - line->at, "\r\n\r\n", 4);
        if (end) {
            *status = atoi(start + 9);
            char *length = memmem(start, (size_t)(end - start), "Content-Length: ", 16);
            size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
            size_t total = (size_t)(end - start) + 4 + body;
            if (line->have - line->at >= total) {
                line->at += total;
                static _Thread_local char text[1 << 16];
                size_t kept = body < sizeof text ? body : sizeof text - 1;
                memcpy(text, end + 4, kept);
                text[kept] = 0;
                return text;
            }
        }
        if (!fill(line)) die("the line ended");
    }
}

static void upgrade(Line *line, const char *path) {
    char text[512];
    int count = snprintf(text, sizeof text,
                         "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                         path);
    put(line, text, (size_t)count);
    int status;
    answer(line, &status);
    if (status != 101) die("no WebSocket there");
}

static void say(Line *line, const char *text) {
    size_t count = strlen(text);
    unsigned char head[14] = {0x81};
    size_t size = 2;
    if (count < 126) {
        head[1] = 0x80 | (unsigned char)count;
    } else {
        head[1] = 0x80 | 126;
        head[2] = (unsigned char)(count >> 8);
        head[3] = (unsigned char)count;
        size = 4;
    }
    size += 4; // a mask of nothing
    put(line, head, size);
    put(line, text, count);
}

// ---- pushes

static int seconds, topics;
static char **topic;
static const char *path;
static atomic_int ready, running;

typedef struct {
    pthread_t thread;
    atomic_long pushes, bytes;
} Reader;

static void *readPushes(void *given) {
    Reader *reader = given;
    Line line = dial();
    upgrade(&line, path);
    static const int batch = 10; // as many as spot takes in one request
    for (int first = 0; first < topics; first += batch) {
        char *text = malloc((size_t)batch * 64 + 64);
        int count = sprintf(text, "{\"op\":\"subscribe\",\"args\":[");
        for (int i = first; i < topics && i < first + batch; i++)
            count += sprintf(text + count, "%s\"%s\"", i > first ? "," : "", topic[i]);
        sprintf(text + count, "]}");
        say(&line, text);
        free(text);
    }
    atomic_fetch_add(&ready, 1);
    long pushes = 0, bytes = 0;
    double beat = now() + 10;
    while (atomic_load_explicit(&running, memory_order_relaxed)) {
        while (line.have - line.at >= 2) {
            unsigned char *frame = line.buffer + line.at;
            uint64_t length = frame[1];
            size_t head = 2;
            if (length == 126) {
                if (line.have - line.at < 4) break;
                length = (uint64_t)frame[2] << 8 | frame[3];
                head = 4;
            } else if (length == 127) {
                if (line.have - line.at < 10) break;
                length = 0;
                for (int i = 2; i < 10; i++) length = length << 8 | frame[i];
                head = 10;
            }
            if (line.have - line.at < head + length) break;
            if (frame[0] != 0x81) die("a frame that is no text");
            line.at += head + length;
            pushes++;
            bytes += (long)(head + length);
        }
        atomic_store_explicit(&reader->pushes, pushes, memory_order_relaxed);
        atomic_store_explicit(&reader->bytes, bytes, memory_order_relaxed);
        if (!fill(&line)) {
            if (atomic_load(&running)) die("the server ended the line");
            break;
        }
        if (now() > beat) {
            say(&line, "{\"op\":\"ping\"}");
            beat += 10;
        }
    }
    return NULL;
}

static void pushes(int connections, int each) {
    Reader *readers = calloc((size_t)connections, sizeof *readers);
    atomic_store(&running, 1);
    for (int i = 0; i < connections; i++) pthread_create(&readers[i].thread, NULL, readPushes, &readers[i]);
    while (atomic_load(&ready) < connections) usleep(10000);
    usleep(1500000); // snapshots, and a server that has warmed up
    long *before = calloc((size_t)connections * 2, sizeof *before);
    for (int i = 0; i < connections; i++) {
        before[2 * i] = atomic_load(&readers[i].pushes);
        before[2 * i + 1] = atomic_load(&readers[i].bytes);
    }
    double start = now();
    usleep((useconds_t)seconds * 1000000);
    double span = now() - start;
    long count = 0, bytes = 0, least = -1;
    for (int i = 0; i < connections; i++) {
        long own = atomic_load(&readers[i].pushes) - before[2 * i];
        count += own;
        bytes += atomic_load(&readers[i].bytes) - before[2 * i + 1];
        if (least < 0 || own < least) least = own;
    }
    printf("{\"connections\":%d,\"seconds\":%.3f,\"pushes_per_second\":%.0f,\"mib_per_second\":%.1f,\"bytes_per_push\":%.0f",
           connections, span, count / span, bytes / span / 1048576, count ? (double)bytes / count : 0);
    if (each) printf(",\"least_pushes\":%ld", least);
    printf("}\n");
    fflush(stdout);
    _exit(0); // readers wait in the kernel
}

// ---- orders

static double rate;
static const char *key, *secret, *symbol, *price, *quantity;
static int lines;
static atomic_int failed;

typedef struct {
    pthread_t thread;
    int number;
    double *trips;
    int count;
} Trader;

static double begin;

static void *trade(void *given) {
    Trader *trader = given;
    Line line = dial();
    atomic_fetch_add(&ready, 1);
    while (!atomic_load(&running)) usleep(1000);
    double step = lines / rate, due = begin + trader->number / rate;
    int most = (int)(seconds * rate / lines);
    trader->trips = malloc(sizeof(double) * (size_t)most);
    for (int i = 0; i < most; i++, due += step) {
        double wait = due - now();
        if (wait > 0) {
            // Sleep to just before it is due, then look at the clock.
            if (wait > 100e-6) usleep((useconds_t)((wait - 80e-6) * 1e6));
            while (now() < due) {}
        }
        char body[512], text[2048], sign[512], hex[65];
        int isCancel = i & 1, number = i / 2 * lines + trader->number;
        int size = isCancel ? sprintf(body, "{\"category\":\"linear\",\"symbol\":\"%s\",\"orderLinkId\":\"b%d\"}", symbol, number)
                            : sprintf(body,
                                      "{\"category\":\"linear\",\"symbol\":\"%s\",\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"%s\","
                                      "\"price\":\"%s\",\"timeInForce\":\"PostOnly\",\"orderLinkId\":\"b%d\"}",
                                      symbol, quantity, price, number);
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        long ms = t.tv_sec * 1000 + t.tv_nsec / 1000000;
        int signing = snprintf(sign, sizeof sign, "%ld%s5000", ms, key);
        memcpy(sign + signing, body, (size_t)size);
        unsigned char digest[32];
        unsigned length = 32;
        HMAC(EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)sign, (size_t)(signing + size), digest, &length);
        for (int b = 0; b < 32; b++) sprintf(hex + 2 * b, "%02x", digest[b]);
        int count = snprintf(text, sizeof text,
                             "POST /v5/order/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-BAPI-API-KEY: %s\r\n"
                             "X-BAPI-TIMESTAMP: %ld\r\nX-BAPI-RECV-WINDOW: 5000\r\nX-BAPI-SIGN: %s\r\nContent-Length: %d\r\n\r\n%s",
                             isCancel ? "cancel" : "create", key, ms, hex, size, body);
        put(&line, text, (size_t)count);
        int status;
        char *reply = answer(&line, &status);
        if (status != 200 || !strstr(reply, "\"retCode\":0")) {
            if (atomic_fetch_add(&failed, 1) == 0) fprintf(stderr, "serve-client: %d %s\n", status, reply);
        }
        trader->trips[trader->count++] = now() - due;
    }
    return NULL;
}

static int byValue(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void orders(int connections) {
    lines = connections;
    Trader *traders = calloc((size_t)connections, sizeof *traders);
    for (int i = 0; i < connections; i++) {
        traders[i].number = i;
        pthread_create(&traders[i].thread, NULL, trade, &traders[i]);
    }
    while (atomic_load(&ready) < connections) usleep(10000);
    begin = now() + 0.05;
    atomic_store(&running, 1);
    int total = 0;
    for (int i = 0; i < connections; i++) {
        pthread_join(traders[i].thread, NULL);
        total += traders[i].count;
    }
    double span = now() - begin, *all = malloc(sizeof(double) * (size_t)total);
    int at = 0;
    for (int i = 0; i < connections; i++)
        for (int j = 0; j < traders[i].count; j++) all[at++] = traders[i].trips[j];
    qsort(all, (size_t)total, sizeof *all, byValue);
    printf("{\"orders\":%d,\"orders_per_second\":%.0f,\"failed\":%d,\"p50_us\":%.0f,\"p99_us\":%.0f,\"p999_us\":%.0f,\"max_us\":%.0f}\n", total,
           total / span, atomic_load(&failed), all[total / 2] * 1e6, all[total * 99 / 100] * 1e6, all[(long)total * 999 / 1000] * 1e6,
           all[total - 1] * 1e6);
}

int main(int count, char **given) {
    if (count < 7) {
        fprintf(stderr, "usage: see the head of serve-client.c\n");
        return 64;
    }
    char *colon = strchr(given[2], ':');
    if (!colon) die("HOST:PORT");
    *colon = 0;
    peer.sin_family = AF_INET;
    peer.sin_port = htons((uint16_t)atoi(colon + 1));
    inet_pton(AF_INET, given[2], &peer.sin_addr);
    if (strcmp(given[3], "tls") == 0) {
        tls = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
    }
    int connections = atoi(given[4]);
    seconds = atoi(given[5]);
    if (strcmp(given[1], "orders") == 0 && count == 12) {
        rate = atof(given[6]);
        key = given[7];
        secret = given[8];
        symbol = given[9];
        price = given[10];
        quantity = given[11];
        orders(connections);
    } else {
        path = given[6];
        topic = given + 7;
        topics = count - 7;
        pushes(connections, strcmp(given[1], "hold") == 0);
    }
    return 0;
}
