// What the parts of the shim share: the parser's memory, and its first stage.
#pragma once

// Nothing here may throw: the callers are Swift.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "include/CSimdjson.h"

using Implementation = simdjson::internal::dom_parser_implementation;

struct tdj_parser {
    std::unique_ptr<Implementation> implementation;
    size_t text_capacity = 0;

    tdj_node *nodes = nullptr;
    size_t node_capacity = 0;

    tdj_level *bids = nullptr;
    tdj_level *asks = nullptr;
    size_t level_capacity = 0;

    tdj_trade *trades = nullptr;
    size_t trade_capacity = 0;

    tdj_member *members = nullptr;
    size_t member_capacity = 0;

    ~tdj_parser() {
        std::free(nodes);
        std::free(bids);
        std::free(asks);
        std::free(trades);
        std::free(members);
    }
};

// Makes room for at least `wanted` items, doubling; false when there is no memory.
template <typename Item>
inline bool reserve(Item *&items, size_t &capacity, size_t wanted) {
    if (wanted <= capacity) return true;
    size_t grown = capacity ? capacity : 256;
    while (grown < wanted) grown *= 2;
    auto *bytes = static_cast<Item *>(std::realloc(items, grown * sizeof(Item)));
    if (!bytes) return false;
    items = bytes;
    capacity = grown;
    return true;
}

// Runs simdjson's first stage: afterwards `structural_indexes` has the place of every bracket, comma, colon, opening
// quote and first byte of a scalar, followed by `length` as a sentinel.
int32_t index_text(tdj_parser &parser, const uint8_t *text, size_t length, size_t &error_offset);
