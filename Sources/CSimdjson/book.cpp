// The fast path: an order book push straight from its bytes into levels.
//
// Whatever is not plain is left to the general path, which names the field at fault. What this path accepts, the
// general one accepts too, and reads the same.
#include "parser.hpp"

namespace {

// Reads `-`, digits, a point and digits up to the closing quote; at most 18 digits in all.
inline bool read_decimal(const uint8_t *at, tdj_number &number) {
    bool is_negative = *at == '-';
    at += is_negative;
    const uint8_t *first = at;
    uint64_t mantissa = 0;
    unsigned digit;
    while ((digit = unsigned(*at) - '0') <= 9) {
        mantissa = mantissa * 10 + digit;
        at++;
    }
    size_t digits = size_t(at - first);
    size_t decimals = 0;
    if (*at == '.') {
        const uint8_t *point = ++at;
        while ((digit = unsigned(*at) - '0') <= 9) {
            mantissa = mantissa * 10 + digit;
            at++;
        }
        decimals = size_t(at - point);
        if (decimals == 0) return false;
    }
    if (*at != '"' || digits == 0 || digits + decimals > 18) return false;
    number.mantissa = is_negative ? -int64_t(mantissa) : int64_t(mantissa);
    number.decimals = uint8_t(decimals);
    number.is_negative_zero = is_negative && mantissa == 0;
    return true;
}

struct Scan {
    const uint8_t *text;
    const uint32_t *index;
    uint32_t index_count;
    uint32_t k = 0;

    uint8_t byte() const { return k < index_count ? text[index[k]] : 0; }

    bool take(uint8_t wanted) {
        if (byte() != wanted) return false;
        k++;
        return true;
    }

    // A plain string: its first byte and length, without quotes.
    bool string(uint32_t &start, uint32_t &length) {
        if (byte() != '"') return false;
        start = index[k] + 1;
        uint32_t end = index[k + 1] - 1;
        while (text[end] == ' ' || text[end] == '\n' || text[end] == '\r' || text[end] == '\t') end--;
        if (end < start || text[end] != '"') return false;
        length = end - start;
        k++;
        return true;
    }

    // A whole number ≥ 0 of at most 18 digits.
    bool integer(int64_t &value) {
        if (k >= index_count) return false;
        const uint8_t *at = text + index[k];
        const uint8_t *end = text + index[k + 1];
        const uint8_t *first = at;
        uint64_t sum = 0;
        unsigned digit;
        while (at < end && (digit = unsigned(*at) - '0') <= 9) {
            sum = sum * 10 + digit;
            at++;
        }
        if (at == first || at - first > 18 || (*first == '0' && at - first > 1)) return false;
        // Only spaces may stand between the number and the next token.
        while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
        if (at != end) return false;
        value = int64_t(sum);
        k++;
        return true;
    }

    // The next six places are `[ " , " ]` and one more: a level.
    bool level(tdj_level &level) {
        if (k + 5 > index_count) return false;
        const uint32_t *at = index + k;
        if (text[at[0]] != '[' || text[at[1]] != '"' || text[at[2]] != ',' || text[at[3]] != '"'
            || text[at[4]] != ']')
            return false;
        if (!read_decimal(text + at[1] + 1, level.price)) return false;
        if (!read_decimal(text + at[3] + 1, level.size)) return false;
        k += 5;
        return true;
    }

    bool levels(tdj_level *levels, uint32_t &count) {
        if (!take('[')) return false;
        count = 0;
        if (take(']')) return true;
        for (;;) {
            if (!level(levels[count])) return false;
            count++;
            if (take(',')) continue;
            return take(']');
        }
    }
};

enum { TOPIC = 1, TYPE = 2, TS = 4, DATA = 8, CTS = 16, ALL = 15 };
enum { SYMBOL = 1, BIDS = 2, ASKS = 4, UPDATE = 8, SEQUENCE = 16, ALL_DATA = 31 };

inline bool is(const uint8_t *key, uint32_t length, const char *name, uint32_t name_length) {
    return length == name_length && !std::memcmp(key, name, name_length);
}

bool read_data(Scan &scan, tdj_parser &parser, tdj_book &book) {
    unsigned seen = 0;
    if (!scan.take('{')) return false;
    for (;;) {
        uint32_t start, length;
        if (!scan.string(start, length) || !scan.take(':')) return false;
        const uint8_t *key = scan.text + start;
        unsigned field;
        if (length == 1 && key[0] == 's') {
            field = SYMBOL;
            if (!scan.string(book.symbol_start, book.symbol_length)) return false;
        } else if (length == 1 && key[0] == 'b') {
            field = BIDS;
            if (!scan.levels(parser.bids, book.bid_count)) return false;
        } else if (length == 1 && key[0] == 'a') {
            field = ASKS;
            if (!scan.levels(parser.asks, book.ask_count)) return false;
        } else if (length == 1 && key[0] == 'u') {
            field = UPDATE;
            if (!scan.integer(book.update_id)) return false;
        } else if (is(key, length, "seq", 3)) {
            field = SEQUENCE;
            if (!scan.integer(book.cross_sequence)) return false;
        } else {
            return false;
        }
        if (seen & field) return false;
        seen |= field;
        if (scan.take(',')) continue;
        return scan.take('}') && seen == ALL_DATA;
    }
}

bool read_push(Scan &scan, tdj_parser &parser, tdj_book &book) {
    unsigned seen = 0;
    if (!scan.take('{')) return false;
    for (;;) {
        uint32_t start, length;
        if (!scan.string(start, length) || !scan.take(':')) return false;
        const uint8_t *key = scan.text + start;
        unsigned field;
        if (is(key, length, "topic", 5)) {
            field = TOPIC;
            if (!scan.string(book.topic_start, book.topic_length)) return false;
        } else if (is(key, length, "type", 4)) {
            field = TYPE;
            uint32_t word, word_length;
            if (!scan.string(word, word_length)) return false;
            book.is_snapshot = is(scan.text + word, word_length, "snapshot", 8);
            if (!book.is_snapshot && !is(scan.text + word, word_length, "delta", 5)) return false;
        } else if (is(key, length, "ts", 2)) {
            field = TS;
            if (!scan.integer(book.ts)) return false;
        } else if (is(key, length, "data", 4)) {
            field = DATA;
            if (!read_data(scan, parser, book)) return false;
        } else if (is(key, length, "cts", 3)) {
            field = CTS;
            if (!scan.integer(book.cts)) return false;
        } else {
            return false;
        }
        if (seen & field) return false;
        seen |= field;
        if (scan.take(',')) continue;
        return scan.take('}') && (seen & ALL) == ALL && scan.k == scan.index_count;
    }
}

}  // namespace

extern "C" int32_t tdj_parse_book(
    tdj_parser *parser,
    const uint8_t *text,
    size_t length,
    tdj_book *book
) {
    size_t error_offset;
    if (index_text(*parser, text, length, error_offset)) return TDJ_UNUSUAL;
    // Escapes only occur in strings that this path compares or reads digit by digit, except symbol and topic.
    uint32_t index_count = parser->implementation->n_structural_indexes;
    size_t levels = index_count / 5 + 1;
    size_t capacity = parser->level_capacity;
    if (!reserve(parser->bids, capacity, levels)) return TDJ_NO_MEMORY;
    if (!reserve(parser->asks, parser->level_capacity, levels)) return TDJ_NO_MEMORY;
    book->cts = 0;
    Scan scan{text, parser->implementation->structural_indexes.get(), index_count};
    if (!read_push(scan, *parser, *book)) return TDJ_UNUSUAL;
    if (std::memchr(text + book->symbol_start, '\\', book->symbol_length)
        || std::memchr(text + book->topic_start, '\\', book->topic_length))
        return TDJ_UNUSUAL;
    book->bids = parser->bids;
    book->asks = parser->asks;
    return TDJ_OK;
}
