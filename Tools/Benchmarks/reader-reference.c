// What the reader is measured against: the same chunks in C.
//
//   reader-reference scan DIR      every chunk of DIR's segments through libzstd
//   reader-reference verify DIR    the same, CRC-32 (libdeflate) and SHA-256 (libcrypto) over each chunk's bytes
//   reader-reference chunk DIR     chunks in random order through libzstd, each timed alone: CPU nanoseconds, p50 and p99
//
// Files are in memory before the clock starts. Prints one line of JSON.
#include <dirent.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

struct chunk { const uint8_t *bytes; uint64_t stored, size; uint32_t crc; };
static struct chunk *chunks;
static size_t count, room;

static void fail(const char *what, const char *where) { fprintf(stderr, "reader-reference: %s: %s\n", what, where); exit(1); }
static uint64_t u64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static uint32_t u32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static double seconds(clockid_t clock) { struct timespec t; clock_gettime(clock, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static int compare(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return (x > y) - (x < y); }
static int isSegment(const struct dirent *entry) { const char *dot = strrchr(entry->d_name, '.'); return dot && !strcmp(dot, ".mcap"); }

static void load(const char *path) {
    int file = open(path, O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status)) fail("cannot read", path);
    uint64_t size = status.st_size, at = 8;
    uint8_t *bytes = malloc(size);
    for (uint64_t done = 0; done < size;) {
        ssize_t part = read(file, bytes + done, size - done);
        if (part <= 0) fail("cannot read", path);
        done += part;
    }
    close(file);
    while (at + 9 <= size && u64(bytes + at + 1) <= size - at - 9) {
        const uint8_t *body = bytes + at + 9;
        if (bytes[at] == 6) {
            if (u32(body + 28) != 4 || memcmp(body + 32, "zstd", 4)) fail("not zstd", path);
            if (count == room) chunks = realloc(chunks, (room = room * 2 + 1024) * sizeof *chunks);
            chunks[count++] = (struct chunk){body + 44, u64(body + 36), u64(body + 16), u32(body + 24)};
        }
        if (bytes[at] == 15) break;
        at += 9 + u64(bytes + at + 1);
    }
}

int main(int argc, char **argv) {
    if (argc < 3) fail("usage", "reader-reference scan|verify|chunk DIR");
    struct dirent **names;
    int segments = scandir(argv[2], &names, isSegment, alphasort);
    if (segments <= 0) fail("no segments", argv[2]);
    for (int i = 0; i < segments; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[2], names[i]->d_name);
        load(path);
    }
    uint64_t largest = 0, in = 0, out = 0;
    for (size_t i = 0; i < count; i++) {
        if (chunks[i].size > largest) largest = chunks[i].size;
        in += chunks[i].stored;
        out += chunks[i].size;
    }
    uint8_t *room = malloc(largest + 64);
    memset(room, 1, largest + 64);
    ZSTD_DCtx *context = ZSTD_createDCtx();
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    EVP_MD *sha = EVP_MD_fetch(NULL, "SHA256", NULL);
    int verifies = !strcmp(argv[1], "verify"), isChunk = !strcmp(argv[1], "chunk");
    size_t rounds = isChunk ? 5000 : count;
    double *times = malloc(rounds * sizeof *times);
    uint64_t state = 42;
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    for (size_t i = 0; i < rounds; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const struct chunk *c = &chunks[isChunk ? (state >> 33) % count : i];
        double start = isChunk ? seconds(CLOCK_THREAD_CPUTIME_ID) : 0;
        if (ZSTD_decompressDCtx(context, room, c->size, c->bytes, c->stored) != c->size) fail("zstd", argv[2]);
        if (isChunk) times[i] = (seconds(CLOCK_THREAD_CPUTIME_ID) - start) * 1e9;
        if (verifies) {
            uint8_t digest[32];
            unsigned length;
            if (libdeflate_crc32(0, room, c->size) != c->crc) fail("CRC", argv[2]);
            EVP_DigestInit_ex2(hash, sha, NULL);
            EVP_DigestUpdate(hash, room, c->size);
            EVP_DigestFinal_ex(hash, digest, &length);
        }
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    printf("{\"mode\":\"reference-%s\",\"n\":%zu,\"wall\":%.6f,\"cpu\":%.6f,\"in\":%lu,\"out\":%lu", argv[1], count, wall, cpu, in, out);
    if (isChunk) {
        qsort(times, rounds, sizeof *times, compare);
        printf(",\"p50\":%.0f,\"p99\":%.0f", times[rounds / 2], times[rounds * 99 / 100]);
    }
    printf("}\n");
}
