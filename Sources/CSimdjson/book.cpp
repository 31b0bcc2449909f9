// The fast path: an order book push straight from its bytes into levels, in one pass.
//
// Written by hand, since it beats simdjson here: two thirds of all messages are these.
//
// It takes only the plainest form (no blanks, no escapes, no key that it does not know, at most 18 digits), in any
// order of keys; all else is `TDJ_UNUSUAL`, and the general path reads it or names the field at fault. What this path
// accepts the general one accepts too, and reads the same.
#include "scan.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

using scan::Scan;

namespace {

#if defined(__SSE2__)
// Bytes that are looked at together: a level of two numbers of up to twelve characters is in them.
enum { WINDOW = 32 };

// A bit for each of sixteen bytes that is `wanted`, the lowest for the first.
inline uint32_t places(__m128i bytes, char wanted) {
    return uint32_t(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted))));
}

inline __m128i window_at(const uint8_t *at) { return _mm_loadu_si128(reinterpret_cast<const __m128i *>(at)); }

// By count: the bytes of a word that are kept, which are its last ones.
constexpr uint64_t kept[9] = {
    0,
    0xff00000000000000,
    0xffff000000000000,
    0xffffff0000000000,
    0xffffffff00000000,
    0xffffffffff000000,
    0xffffffffffff0000,
    0xffffffffffffff00,
    0xffffffffffffffff,
};

// A word of text is its first byte in the lowest place.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "digits are read eight at a time");

inline uint64_t word_at(const uint8_t *at) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    return word;
}

// Eight bytes, each of them its value if it is a digit.
inline uint64_t as_digits(uint64_t word) { return word ^ 0x3030303030303030; }

// A bit for bytes that are no digits; the lowest bit is of the first of them.
inline uint64_t strange(uint64_t digits) { return (digits | (digits + 0x7676767676767676)) & 0x8080808080808080; }

// The number of eight digits: pairs of them, then pairs of those, and again.
inline uint64_t value_of(uint64_t digits) {
    digits = digits * 10 + (digits >> 8);
    return (((digits & 0x000000ff000000ff) * 0x000f424000000064)
            + (((digits >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >> 32;
}

// Where a number ends in a window of bytes, and how many digits it has, those behind its point among them.
struct Span {
    unsigned end;
    unsigned has_point;
    unsigned rest;
    unsigned count;
};

// Of the digits before `end`, of which the last `rest` stand behind the point, the last `count`, at most eight.
inline uint64_t digits_before(const uint8_t *end, unsigned has_point, unsigned rest, unsigned count) {
    // What stands before the point moves up to its place.
    uint64_t behind = word_at(end - 8) & kept[rest];
    uint64_t before = word_at(end - 8 - has_point) & ~kept[rest];
    return as_digits(behind | before) & kept[count];
}

// As `short_number`, of more than eight digits and at most sixteen. Rare, and so apart.
__attribute__((noinline)) inline bool long_number(const uint8_t *base, Span span, tdj_number &number) {
    if (span.count > 16) return false;
    bool is_far = span.rest > 8;
    uint64_t high = digits_before(base + span.end - 8, span.has_point, is_far ? span.rest - 8 : 0, span.count - 8);
    uint64_t low = digits_before(base + span.end, span.has_point, is_far ? 8 : span.rest, 8);
    if (strange(high) | strange(low)) return false;
    number.mantissa = int64_t(value_of(high) * 100000000 + value_of(low));
    number.decimals = uint8_t(span.rest);
    number.is_negative_zero = 0;
    return true;
}

// The number from `start` to `end`, whose points are in `points`, a bit for each byte from `base` on.
//
// Without a guess, since whether a size has a point cannot be guessed. False for what is no plain number of at most
// sixteen digits. The eight bytes before its first one must be of the text: they are read, for nothing.
__attribute__((always_inline)) inline bool short_number(
    const uint8_t *base,
    unsigned start,
    unsigned end,
    uint32_t points,
    tdj_number &number
) {
    points &= (uint32_t(1) << end) - (uint32_t(1) << start);
    unsigned has_point = points != 0;
    unsigned point = has_point ? unsigned(__builtin_ctz(points)) : end;
    unsigned rest = end - point - has_point;
    unsigned count = end - start - has_point;
    // Nothing at all, nothing before its point, nothing behind it.
    if (((count == 0) | (point == start) | (rest < has_point)) != 0) return false;
    if (count > 8) return long_number(base, Span{end, has_point, rest, count}, number);
    uint64_t digits = digits_before(base + end, has_point, rest, count);
    if (strange(digits)) return false;
    number.mantissa = int64_t(value_of(digits));
    number.decimals = uint8_t(rest);
    number.is_negative_zero = 0;
    return true;
}

// A level `["price","size"]` of short numbers; passes it. Nothing is passed where it is not, and what it is says a look at
// each byte.
//
// At least fourteen bytes stand before any level, `{"data":{"b":[`, and the window ends before the text does: what is
// read in front of a number is of the text too.
inline bool short_level(const uint8_t *&at, tdj_level &level) {
    __m128i low = window_at(at);
    __m128i high = window_at(at + 16);
    uint32_t quotes = places(low, '"') | places(high, '"') << 16;
    uint32_t points = places(low, '.') | places(high, '.') << 16;
    // The first quote stands behind the bracket, the fourth ends the size.
    uint32_t second = quotes & (quotes - 1);
    uint32_t third = second & (second - 1);
    uint32_t fourth = third & (third - 1);
    if (fourth == 0 || (quotes & 3) != 2) return false;
    unsigned price_end = unsigned(__builtin_ctz(second));
    unsigned size_start = unsigned(__builtin_ctz(third)) + 1;
    unsigned size_end = unsigned(__builtin_ctz(fourth));
    if (at[0] != '[' || size_start != price_end + 3 || at[price_end + 1] != ',' || at[size_end + 1] != ']')
        return false;
    if (!short_number(at, 2, price_end, points, level.price)) return false;
    if (!short_number(at, size_start, size_end, points, level.size)) return false;
    at += size_end + 2;
    return true;
}
#endif

// A level, digit by digit.
inline bool any_level(const uint8_t *&at, tdj_level &level) {
    const uint8_t *p = at;
    if (p[0] != '[' || p[1] != '"') return false;
    p += 2;
    if (!scan::decimal(p, level.price)) return false;
    if (p[0] != ',' || p[1] != '"') return false;
    p += 2;
    if (!scan::decimal(p, level.size)) return false;
    if (*p++ != ']') return false;
    at = p;
    return true;
}

// `[["price","size"],…]`.
bool read_levels(Scan &scan, tdj_level *levels, uint32_t &count) {
    count = 0;
    if (!scan.take('[')) return false;
    if (scan.take(']')) return true;
    tdj_level *level = levels;
    const uint8_t *p = scan.at;
    for (;;) {
#if defined(__SSE2__)
        // Behind the window its comma or bracket.
        bool is_read = scan.last - p > WINDOW + 1 && short_level(p, *level);
        if (!is_read && !any_level(p, *level)) return false;
#else
        if (!any_level(p, *level)) return false;
#endif
        level++;
        if (*p == ',') {
            p++;
            continue;
        }
        if (*p != ']') return false;
        scan.at = p + 1;
        count = uint32_t(level - levels);
        return true;
    }
}

enum { TOPIC = 1, TYPE = 2, TS = 4, DATA = 8, CTS = 16, ALL = 15 };
enum { SYMBOL = 1, BIDS = 2, ASKS = 4, UPDATE = 8, SEQUENCE = 16, ALL_DATA = 31 };

// One member of `data`: the field that it is, 0 for what cannot be read.
inline unsigned read_data(Scan &scan, tdj_parser &parser, tdj_book &book) {
    // A quote is not the last byte: one more can be looked at.
    if (*scan.at != '"') return 0;
    switch (scan.at[1]) {
        case 's':
            if (scan.literal("\"s\":\"")) return scan.rest_of_string(book.symbol) ? SYMBOL : 0;
            return scan.literal("\"seq\":") && scan.integer(book.cross_sequence) ? SEQUENCE : 0;
        case 'b': return scan.literal("\"b\":") && read_levels(scan, parser.bids, book.bid_count) ? BIDS : 0;
        case 'a': return scan.literal("\"a\":") && read_levels(scan, parser.asks, book.ask_count) ? ASKS : 0;
        case 'u': return scan.literal("\"u\":") && scan.integer(book.update_id) ? UPDATE : 0;
        default: return 0;
    }
}

inline unsigned read_field(Scan &scan, tdj_parser &parser, tdj_book &book) {
    auto member = [&](Scan &scan) { return read_data(scan, parser, book); };
    tdj_text topic;
    if (*scan.at != '"') return 0;
    switch (scan.at[1]) {
        case 't':
            if (scan.literal("\"ts\":")) return scan.integer(book.ts) ? TS : 0;
            if (scan.literal("\"topic\":\"")) return scan.rest_of_string(topic) ? TOPIC : 0;
            if (!scan.literal("\"type\":\"")) return 0;
            book.is_snapshot = scan.literal("snapshot\"");
            return book.is_snapshot || scan.literal("delta\"") ? TYPE : 0;
        case 'd': return scan.literal("\"data\":{") && scan::object(scan, ALL_DATA, member) ? DATA : 0;
        case 'c': return scan.literal("\"cts\":") && scan.integer(book.cts) ? CTS : 0;
        default: return 0;
    }
}

// The order in which the exchange sends them; of another one it says nothing.
inline bool read_usual(Scan &scan, tdj_parser &parser, tdj_book &book) {
    tdj_text topic;
    if (!scan.literal("{\"topic\":\"") || !scan.rest_of_string(topic) || !scan.literal(",\"type\":\"")) return false;
    book.is_snapshot = scan.literal("snapshot\"");
    return (book.is_snapshot || scan.literal("delta\"")) && scan.literal(",\"ts\":") && scan.integer(book.ts)
        && scan.literal(",\"data\":{\"s\":\"") && scan.rest_of_string(book.symbol)
        && scan.literal(",\"b\":") && read_levels(scan, parser.bids, book.bid_count)
        && scan.literal(",\"a\":") && read_levels(scan, parser.asks, book.ask_count)
        && scan.literal(",\"u\":") && scan.integer(book.update_id)
        && scan.literal(",\"seq\":") && scan.integer(book.cross_sequence)
        && scan.literal("},\"cts\":") && scan.integer(book.cts) && scan.at == scan.last;
}

}  // namespace

extern "C" int32_t tdj_parse_book(
    tdj_parser *parser,
    const uint8_t *text,
    size_t length,
    tdj_book *book
) {
    if (!scan::is_closed(text, length)) return TDJ_UNUSUAL;
    // A level takes ten bytes at least: `["1","1"]` and a comma.
    size_t levels = length / 10 + 1;
    size_t capacity = parser->level_capacity;
    if (!reserve(parser->bids, capacity, levels)) return TDJ_NO_MEMORY;
    if (!reserve(parser->asks, parser->level_capacity, levels)) return TDJ_NO_MEMORY;
    book->bids = parser->bids;
    book->asks = parser->asks;
    Scan usual{text, text + length - 1, text};
    if (read_usual(usual, *parser, *book)) return TDJ_OK;
    book->cts = 0;
    auto field = [&](Scan &scan) { return read_field(scan, *parser, *book); };
    return scan::push(text, length, ALL, field);
}

// The list's own bracket ends every loop, as the closing brace does in a push. It is no level's: before it stands that of the
// last level, and before that one a quote.
extern "C" int32_t tdj_parse_levels(
    tdj_parser *parser,
    const uint8_t *text,
    size_t start,
    size_t length,
    const tdj_level **levels,
    uint32_t *count
) {
    // In a text that is an object at least so many bytes stand before a level's first digit: `{"b":[["`.
    if (start < 5 || length < 2 || length > TDJ_LENGTH_MAX) return TDJ_UNUSUAL;
    const uint8_t *last = text + start + length - 1;
    if (last[0] != ']' || (length > 2 && last[-1] != ']')) return TDJ_UNUSUAL;
    size_t capacity = parser->level_capacity;
    if (!reserve(parser->bids, capacity, length / 10 + 1)) return TDJ_NO_MEMORY;
    if (!reserve(parser->asks, parser->level_capacity, length / 10 + 1)) return TDJ_NO_MEMORY;
    Scan scan{text, last, text + start};
    if (!read_levels(scan, parser->bids, *count) || scan.at != last + 1) return TDJ_UNUSUAL;
    *levels = parser->bids;
    return TDJ_OK;
}
