// The fast path: an order book push straight from its bytes into levels, in one pass.
//
// Written by hand, since it beats simdjson here: two thirds of all messages are these.
//
// It takes only the plainest form (no blanks, no escapes, no key that it does not know, at most 18 digits), in any
// order of keys; all else is `TDJ_UNUSUAL`, and the general path reads it or names the field at fault. What this path
// accepts the general one accepts too, and reads the same.
#include "scan.hpp"

using scan::Scan;

namespace {

#if defined(__SSE2__)
// Bytes that are looked at together: a level of two numbers of up to twelve characters is in them.
enum { WINDOW = 32 };

// A bit for each byte of the window that is `wanted`, the lowest for the first.
inline uint32_t places(__m128i low, __m128i high, char wanted) {
    __m128i byte = _mm_set1_epi8(wanted);
    return uint32_t(_mm_movemask_epi8(_mm_cmpeq_epi8(low, byte)))
         | uint32_t(_mm_movemask_epi8(_mm_cmpeq_epi8(high, byte))) << 16;
}

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

constexpr uint64_t powers_of_ten[9] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
};

// The value of the `count` digits that end before `end`, at most eight; `strange` gets bits for bytes that are none.
inline uint64_t digits(const uint8_t *end, size_t count, uint64_t &strange) {
    uint64_t word;
    std::memcpy(&word, end - 8, 8);
    word = (word ^ 0x3030303030303030) & kept[count];
    strange |= word | (word + 0x7676767676767676);
    // Pairs of digits, then pairs of those, and again.
    word = word * 10 + (word >> 8);
    return (((word & 0x000000ff000000ff) * 0x000f424000000064)
            + (((word >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >> 32;
}

// The number from `start` to `end`, whose points are in `points`, a bit for each byte from `base` on.
//
// Without a jump, since whether a size has a point cannot be guessed. False for what is no plain number of at most eight
// digits on either side of its point.
inline bool short_number(
    const uint8_t *base,
    unsigned start,
    unsigned end,
    uint32_t points,
    tdj_number &number
) {
    points &= (uint32_t(1) << end) - (uint32_t(1) << start);
    bool has_point = points != 0;
    unsigned point = has_point ? unsigned(__builtin_ctz(points)) : start;
    unsigned whole = point - start;
    unsigned rest = end - point - has_point;
    // One of nothing before its point, nothing behind it, or more than a word on a side.
    if (unsigned(whole - has_point) >= 8 + !has_point || rest - 1 >= 8) return false;
    uint64_t strange = 0;
    uint64_t high = digits(base + point, whole, strange);
    uint64_t low = digits(base + end, rest, strange);
    if (strange & 0x8080808080808080) return false;
    number.mantissa = int64_t(high * powers_of_ten[rest] + low);
    number.decimals = has_point ? uint8_t(rest) : 0;
    number.is_negative_zero = 0;
    return true;
}

// A level `["price","size"]` of short numbers; passes it. Nothing is passed where it is not, and what it is says a look at
// each byte.
//
// At least fourteen bytes stand before any level, `{"data":{"b":[`, and the window ends before the text does: what is
// read in front of a number, at most six bytes before its level, is of the text too.
inline bool short_level(const uint8_t *&at, tdj_level &level) {
    __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
    __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at + 16));
    uint32_t quotes = places(low, high, '"');
    uint32_t points = places(low, high, '.');
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

bool read_data(Scan &scan, tdj_parser &parser, tdj_book &book) {
    unsigned seen = 0;
    for (;;) {
        unsigned field;
        bool is_read;
        if (scan.literal("\"b\":")) {
            field = BIDS;
            is_read = read_levels(scan, parser.bids, book.bid_count);
        } else if (scan.literal("\"a\":")) {
            field = ASKS;
            is_read = read_levels(scan, parser.asks, book.ask_count);
        } else if (scan.literal("\"s\":\"")) {
            field = SYMBOL;
            is_read = scan.rest_of_string(book.symbol);
        } else if (scan.literal("\"u\":")) {
            field = UPDATE;
            is_read = scan.integer(book.update_id);
        } else if (scan.literal("\"seq\":")) {
            field = SEQUENCE;
            is_read = scan.integer(book.cross_sequence);
        } else {
            return false;
        }
        // What cannot be read, or is there twice.
        if (!is_read || (seen & field)) return false;
        seen |= field;
        if (scan.take(',')) continue;
        return scan.at < scan.last && scan.take('}') && seen == ALL_DATA;
    }
}

bool read_push(Scan &scan, tdj_parser &parser, tdj_book &book) {
    unsigned seen = 0;
    if (!scan.take('{')) return false;
    for (;;) {
        unsigned field;
        bool is_read;
        if (scan.literal("\"topic\":\"")) {
            field = TOPIC;
            tdj_text topic;
            is_read = scan.rest_of_string(topic);
        } else if (scan.literal("\"type\":\"")) {
            field = TYPE;
            book.is_snapshot = scan.literal("snapshot\"");
            is_read = book.is_snapshot || scan.literal("delta\"");
        } else if (scan.literal("\"ts\":")) {
            field = TS;
            is_read = scan.integer(book.ts);
        } else if (scan.literal("\"data\":{")) {
            field = DATA;
            is_read = read_data(scan, parser, book);
        } else if (scan.literal("\"cts\":")) {
            field = CTS;
            is_read = scan.integer(book.cts);
        } else {
            return false;
        }
        if (!is_read || (seen & field)) return false;
        seen |= field;
        if (scan.take(',')) continue;
        return scan.at == scan.last && (seen & ALL) == ALL;
    }
}

}  // namespace

extern "C" int32_t tdj_parse_book(
    tdj_parser *parser,
    const uint8_t *text,
    size_t length,
    tdj_book *book
) {
    if (length < 2 || length > TDJ_LENGTH_MAX || text[length - 1] != '}') return TDJ_UNUSUAL;
    // A level takes ten bytes at least: `["1","1"]` and a comma.
    size_t levels = length / 10 + 1;
    size_t capacity = parser->level_capacity;
    if (!reserve(parser->bids, capacity, levels)) return TDJ_NO_MEMORY;
    if (!reserve(parser->asks, parser->level_capacity, levels)) return TDJ_NO_MEMORY;
    book->cts = 0;
    Scan scan{text, text + length - 1, text};
    if (!read_push(scan, *parser, *book)) return TDJ_UNUSUAL;
    book->bids = parser->bids;
    book->asks = parser->asks;
    return TDJ_OK;
}
