// A C face over simdjson: text in, a flat array of nodes out; and a fast path each for pushes of order books, trades
// and tickers.
//
// simdjson's first stage (structure, strings, UTF-8, with the machine's widest vectors, chosen at run time) does the
// heavy work. The walk over its index is ours: it keeps the raw bytes of every number, where simdjson's own would
// turn them into a double or an error, and it checks the grammar to the last byte.
//
// No function throws, none reads past `length`, and none keeps `text` beyond the next call on the same parser.
#ifndef TAPEDECK_CSIMDJSON_H
#define TAPEDECK_CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tdj_status {
    TDJ_OK = 0,
    /// The fast path does not know this shape: take the general one.
    TDJ_UNUSUAL = 1,
    TDJ_EMPTY = 2,
    TDJ_NOT_UTF8 = 3,
    TDJ_UNCLOSED_STRING = 4,
    TDJ_CONTROL_CHARACTER = 5,
    TDJ_SYNTAX = 6,
    TDJ_CUT_SHORT = 7,
    TDJ_BAD_NUMBER = 8,
    TDJ_BAD_LITERAL = 9,
    TDJ_BAD_ESCAPE = 10,
    TDJ_TRAILING = 11,
    TDJ_TOO_DEEP = 12,
    TDJ_TOO_LARGE = 13,
    TDJ_NO_MEMORY = 14,
};

/// Containers within containers: deeper texts are refused. Bybit's own stay under 8.
#define TDJ_DEPTH_MAX 64
/// Bytes of one text. The largest reply spoken (1000 instruments) has 1 MB.
#define TDJ_LENGTH_MAX (64u << 20)

enum tdj_kind {
    TDJ_OBJECT = 1,
    TDJ_ARRAY = 2,
    TDJ_STRING = 3,
    TDJ_NUMBER = 4,
    TDJ_TRUE = 5,
    TDJ_FALSE = 6,
    TDJ_NULL = 7,
};

/// The value (not the key) is a string with a backslash.
#define TDJ_VALUE_ESCAPED 1u
#define TDJ_KEY_ESCAPED 2u

/// One value. Offsets count bytes of the text.
typedef struct tdj_node {
    /// First byte: of a string, the one after its quote; of a container, its bracket.
    uint32_t start;
    /// Of a string without its quotes; of a container with both brackets.
    uint32_t length;
    /// The member's name without quotes; length 0 and start 0 outside objects.
    uint32_t key_start;
    uint32_t key_length;
    /// Index of the node after this one and all that it holds.
    uint32_t end;
    /// Values directly inside a container.
    uint32_t count;
    uint8_t kind;
    uint8_t flags;
    uint16_t depth;
} tdj_node;

typedef struct tdj_parser tdj_parser;

/// NULL when there is no memory.
/// The version of libsimdjson, such as `3.0.1`.
const char *tdj_library_version(void);

tdj_parser *tdj_parser_create(void);
void tdj_parser_destroy(tdj_parser *parser);

/// Reads one text. On success `*nodes` and `*count` describe it, root first, until the next call on this parser.
/// On failure `*error_offset` is the byte at fault, as near as it is known.
int32_t tdj_parse(
    tdj_parser *parser,
    const uint8_t *text,
    size_t length,
    const tdj_node **nodes,
    uint32_t *count,
    size_t *error_offset
);

/// A decimal: mantissa × 10⁻ᵈᵉᶜⁱᵐᵃˡˢ. Laid out as `Market.Numeral` is.
typedef struct tdj_number {
    int64_t mantissa;
    uint8_t decimals;
    uint8_t is_negative_zero;
} tdj_number;

/// Bytes of the text.
typedef struct tdj_text {
    uint32_t start;
    uint32_t length;
} tdj_text;

typedef struct tdj_level {
    tdj_number price;
    tdj_number size;
} tdj_level;

/// What one push of an order book topic says.
typedef struct tdj_book {
    const tdj_level *bids;
    const tdj_level *asks;
    uint32_t bid_count;
    uint32_t ask_count;
    int64_t update_id;
    int64_t cross_sequence;
    int64_t ts;
    /// 0 when absent.
    int64_t cts;
    tdj_text symbol;
    uint8_t is_snapshot;
} tdj_book;

/// Reads an order book push in any order of keys. Arrays hold until the next call on this parser.
/// Returns `TDJ_UNUSUAL` for anything out of the ordinary (a field missing, doubled or of another type, a number
/// of more than 18 digits, an escape): `tdj_parse` then tells what.
int32_t tdj_parse_book(tdj_parser *parser, const uint8_t *text, size_t length, tdj_book *book);

/// Reads a list of levels `[["price","size"],…]` that stands in a text, as `tdj_parse_book` does those of a push.
///
/// `start` and `length` are the list's, with both brackets. Nodes that `tdj_parse` gave of the text hold on.
int32_t tdj_parse_levels(
    tdj_parser *parser,
    const uint8_t *text,
    size_t start,
    size_t length,
    const tdj_level **levels,
    uint32_t *count
);

typedef struct tdj_trade {
    int64_t time;
    /// 0 when absent.
    int64_t cross_sequence;
    tdj_text symbol;
    tdj_text id;
    /// Empty when absent.
    tdj_text tick_direction;
    uint8_t is_buy;
    uint8_t is_block;
    uint8_t is_improvement;
    // Last, since Swift puts what follows into the end of a number.
    tdj_number price;
    tdj_number size;
} tdj_trade;

/// What one push of public trades says.
typedef struct tdj_trades {
    const tdj_trade *trades;
    uint32_t count;
    int64_t ts;
} tdj_trades;

/// Reads a push of public trades, as `tdj_parse_book` does one of an order book.
int32_t tdj_parse_trades(tdj_parser *parser, const uint8_t *text, size_t length, tdj_trades *push);

/// A member of an object that is a string.
typedef struct tdj_member {
    tdj_text name;
    tdj_text value;
    uint8_t is_number;
    /// What the value is, where it is one.
    tdj_number number;
} tdj_member;

/// What one push of a ticker says.
typedef struct tdj_ticker {
    /// All that its `data` has, in order.
    const tdj_member *members;
    uint32_t count;
    int64_t ts;
    /// 0 when absent.
    int64_t cross_sequence;
    uint8_t is_snapshot;
} tdj_ticker;

/// Reads a push of a ticker, as `tdj_parse_book` does one of an order book.
int32_t tdj_parse_ticker(tdj_parser *parser, const uint8_t *text, size_t length, tdj_ticker *push);

#ifdef __cplusplus
}
#endif
#endif
