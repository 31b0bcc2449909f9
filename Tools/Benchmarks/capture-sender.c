// The other end of a recorder in a benchmark: speaks as little of Bybit's protocol as a session needs to begin, then
// sends the kit's public messages as fast as the socket takes them, or at a pace.
//
//   capture-sender PORT MESSAGES ROUNDS [CERTIFICATE KEY]     serves until it is killed
//
// PACE=RATE/BURST in the environment: RATE messages a second, BURST of them at once, by the clock and not after the last ones.
// GET /v5/market/time and /v5/market/instruments-info are answered. A WebSocket on /v5/... is sent the messages once it
// has subscribed, any other at once; each round begins with the snapshots that the file begins with.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
    fprintf(stderr, "capture-sender: %s: %s\n", what, strerror(errno));
    exit(1);
}

static char *frames;  // all messages as WebSocket text frames
static size_t framed, messages;
static size_t *ends;  // where each message's frame ends
static long rounds, rate, burst;
static SSL_CTX *tls;

typedef struct {
    int fd;
    SSL *ssl;
} Line;

static ssize_t get(Line *line, void *buffer, size_t size) {
    return line->ssl ? SSL_read(line->ssl, buffer, (int)size) : read(line->fd, buffer, size);
}

static int put(Line *line, const char *bytes, size_t count) {
    while (count > 0) {
        size_t some = count < 1 << 18 ? count : 1 << 18;
        ssize_t sent = line->ssl ? SSL_write(line->ssl, bytes, (int)some) : write(line->fd, bytes, some);
        if (sent <= 0) return 0;
        bytes += sent;
        count -= (size_t)sent;
    }
    return 1;
}

static size_t frame(char *out, const char *text, size_t count) {
    size_t head = 2;
    out[0] = (char)0x81;
    if (count < 126) {
        out[1] = (char)count;
    } else if (count < 65536) {
        out[1] = 126;
        out[2] = (char)(count >> 8);
        out[3] = (char)count;
        head = 4;
    } else {
        out[1] = 127;
        for (int i = 0; i < 8; i++) out[2 + i] = (char)((uint64_t)count >> (56 - 8 * i));
        head = 10;
    }
    memcpy(out + head, text, count);
    return head + count;
}

static void load(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) die(path);
    char *line = NULL;
    size_t size = 0, room = 64 << 20;
    ssize_t count;
    size_t places = 0;
    frames = malloc(room);
    while ((count = getline(&line, &size, file)) > 0) {
        char *kind = strchr(line, ' ');
        if (!kind || kind[1] != 'P') continue;
        char *text = kind + 3;
        size_t length = (size_t)(line + count - text) - (line[count - 1] == '\n');
        if (framed + length + 16 > room) frames = realloc(frames, room *= 2);
        if (!frames) die("memory");
        framed += frame(frames + framed, text, length);
        if (messages == places && !(ends = realloc(ends, (places = places ? places * 2 : 1 << 20) * sizeof *ends))) die("memory");
        ends[messages++] = framed;
    }
    free(line);
    fclose(file);
}

static void answer(Line *line, const char *path) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char result[200], body[400], head[600];
    if (strncmp(path, "/v5/market/time", 15) == 0)
        snprintf(result, sizeof result, "{\"timeSecond\":\"%ld\",\"timeNano\":\"%ld%09ld\"}", now.tv_sec, now.tv_sec,
                 now.tv_nsec);
    else
        snprintf(result, sizeof result, "{\"category\":\"linear\",\"list\":[],\"nextPageCursor\":\"\"}");
    snprintf(body, sizeof body, "{\"retCode\":0,\"retMsg\":\"OK\",\"result\":%s,\"retExtInfo\":{},\"time\":%ld}", result,
             now.tv_sec * 1000 + now.tv_nsec / 1000000);
    int count = snprintf(head, sizeof head,
                         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                         strlen(body), body);
    put(line, head, (size_t)count);
}

// Acknowledges every subscription that comes within a while.
static void acknowledge(Line *line) {
    struct timeval patience = {0, 200000};
    int isFirst = 1;
    for (;;) {
        unsigned char in[70000];
        ssize_t count = get(line, in, sizeof in);
        if (count <= 6) return;
        size_t at = 0;
        while (at + 6 <= (size_t)count) {
            size_t length = in[at + 1] & 127, head = 2;
            if (length == 126) length = (size_t)in[at + 2] << 8 | in[at + 3], head = 4;
            unsigned char *mask = in + at + head, *text = mask + 4;
            if (at + head + 4 + length > (size_t)count) return;
            for (size_t i = 0; i < length; i++) text[i] ^= mask[i % 4];
            char id[64] = "";
            char *found = memmem(text, length, "\"req_id\":\"", 10);
            if (found) sscanf(found + 10, "%60[^\"]", id);
            char reply[300], out[310];
            int size = snprintf(reply, sizeof reply,
                                "{\"success\":true,\"ret_msg\":\"\",\"conn_id\":\"c\",\"req_id\":\"%s\",\"op\":\"subscribe\"}", id);
            put(line, out, frame(out, reply, (size_t)size));
            at += head + 4 + length;
        }
        if (isFirst) setsockopt(line->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        isFirst = 0;
    }
}

// One round at the pace; a burst that is late is sent at once and changes nothing for those behind it.
static int paced(Line *line, struct timespec begin, size_t before) {
    for (size_t sent = 0; sent < messages; sent += (size_t)burst) {
        uint64_t due = (uint64_t)begin.tv_nsec + (before + sent) * 1000000000u / (uint64_t)rate;
        struct timespec at = {begin.tv_sec + (time_t)(due / 1000000000u), (long)(due % 1000000000u)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        size_t last = sent + (size_t)burst < messages ? sent + (size_t)burst : messages, from = sent ? ends[sent - 1] : 0;
        if (!put(line, frames + from, ends[last - 1] - from)) return 0;
    }
    return 1;
}

static void blast(Line *line) {
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (long round = 0; round < rounds; round++)
        if (rate ? !paced(line, begin, messages * (size_t)round) : !put(line, frames, framed)) return;
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("{\"sent\":%zu,\"bytes\":%zu,\"seconds\":%.3f}\n", messages * (size_t)rounds, framed * (size_t)rounds,
           (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    fflush(stdout);
    struct timeval forever = {0, 0};
    setsockopt(line->fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof forever);
    char rest[4096];
    while (get(line, rest, sizeof rest) > 0) {}
}

static void *serve(void *argument) {
    Line line = {.fd = (int)(intptr_t)argument};
    int one = 1;
    setsockopt(line.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (tls) {
        line.ssl = SSL_new(tls);
        SSL_set_fd(line.ssl, line.fd);
        if (SSL_accept(line.ssl) != 1) goto done;
    }
    char text[16384];
    size_t have = 0;
    for (;;) {
        ssize_t count = get(&line, text + have, sizeof text - 1 - have);
        if (count <= 0) break;
        have += (size_t)count;
        text[have] = 0;
        char *end = strstr(text, "\r\n\r\n"), path[2000] = "";
        if (!end) continue;
        sscanf(text, "%*s %1999s", path);
        char *key = strcasestr(text, "sec-websocket-key:");
        if (!key) {
            answer(&line, path);
            have -= (size_t)(end + 4 - text);
            memmove(text, end + 4, have);
            continue;
        }
        key += 18 + strspn(key + 18, " ");
        char whole[128], accept[64], reply[300];
        snprintf(whole, sizeof whole, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", (int)strcspn(key, "\r\n "), key);
        unsigned char digest[20];
        SHA1((unsigned char *)whole, strlen(whole), digest);
        EVP_EncodeBlock((unsigned char *)accept, digest, 20);
        int size = snprintf(reply, sizeof reply,
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
        put(&line, reply, (size_t)size);
        if (strncmp(path, "/v5/", 4) == 0) acknowledge(&line);
        blast(&line);
        break;
    }
done:
    if (line.ssl) SSL_free(line.ssl);
    close(line.fd);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 6) {
        fprintf(stderr, "usage: capture-sender PORT MESSAGES ROUNDS [CERTIFICATE KEY]\n");
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    rounds = atol(argv[3]);
    const char *pace = getenv("PACE");
    if (pace && (sscanf(pace, "%ld/%ld", &rate, &burst) != 2 || rate < 1 || burst < 1)) {
        fprintf(stderr, "capture-sender: PACE is RATE/BURST, both from 1\n");
        return 64;
    }
    load(argv[2]);
    if (argc == 6) {
        tls = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_file(tls, argv[4], SSL_FILETYPE_PEM) != 1
            || SSL_CTX_use_PrivateKey_file(tls, argv[5], SSL_FILETYPE_PEM) != 1)
            die("certificate");
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0) die("bind");
    listen(listener, 64);
    printf("{\"messages\":%zu,\"mean\":%.1f}\n", messages, (double)framed / (double)messages - 4);
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) continue;
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0) pthread_detach(thread);
    }
}
