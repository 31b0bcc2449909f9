// What the fast paths read with: bytes of the plainest JSON (no blanks, no escapes, ASCII), in one pass.
//
// Nothing here reads past the text: its last byte must be the closing brace, which stops every loop, and no brace is
// passed without a look at the place. What looks at several bytes at once looks for their place first.
#pragma once

#include "parser.hpp"

namespace scan {

// Bytes that may stand in a string as they are: printable ASCII without quote and backslash. The closing brace is left
// out, since it is what stops every loop; a string with one takes the general path.
struct PlainBytes {
    bool is_plain[256] = {};
    constexpr PlainBytes() {
        for (int byte = 0x20; byte < 0x7f; byte++)
            is_plain[byte] = byte != '"' && byte != '\\' && byte != '}';
    }
    constexpr bool operator[](uint8_t byte) const { return is_plain[byte]; }
};
constexpr PlainBytes plain;

// Reads `-`, digits, a point and digits up to a closing quote, and passes the quote.
inline bool decimal(const uint8_t *&at, tdj_number &number) {
    const uint8_t *p = at;
    bool is_negative = *p == '-';
    p += is_negative;
    const uint8_t *first = p;
    uint64_t mantissa = 0;
    unsigned digit;
    while ((digit = unsigned(*p) - '0') <= 9) {
        mantissa = mantissa * 10 + digit;
        p++;
    }
    size_t digits = size_t(p - first);
    size_t decimals = 0;
    if (*p == '.') {
        const uint8_t *point = ++p;
        while ((digit = unsigned(*p) - '0') <= 9) {
            mantissa = mantissa * 10 + digit;
            p++;
        }
        decimals = size_t(p - point);
        if (decimals == 0) return false;
    }
    // More digits may have overflowed: the general path counts the significant ones.
    if (*p != '"' || digits == 0 || digits + decimals > 18) return false;
    number.mantissa = is_negative ? -int64_t(mantissa) : int64_t(mantissa);
    number.decimals = uint8_t(decimals);
    number.is_negative_zero = is_negative && mantissa == 0;
    at = p + 1;
    return true;
}

struct Scan {
    const uint8_t *text;
    // The last byte of the text: its closing brace.
    const uint8_t *last;
    const uint8_t *at;

    bool take(uint8_t wanted) {
        if (*at != wanted) return false;
        at++;
        return true;
    }

    // The bytes of a literal; nothing is passed when they are others.
    template <size_t Size>
    bool literal(const char (&bytes)[Size]) {
        if (size_t(last - at) < Size - 1 || std::memcmp(at, bytes, Size - 1)) return false;
        at += Size - 1;
        return true;
    }

    // The rest of a string of plain ASCII after its opening quote, which is passed too.
    bool rest_of_string(tdj_text &string) {
        const uint8_t *first = at;
        // One look a byte: what ends a string, or is not plain, ends the loop. So does the closing brace.
        while (plain[*at]) at++;
        string.start = uint32_t(first - text);
        string.length = uint32_t(at - first);
        return take('"');
    }

    // A whole number ≥ 0 of at most 18 digits, before a comma or a brace.
    bool integer(int64_t &value) {
        const uint8_t *first = at;
        uint64_t sum = 0;
        unsigned digit;
        while ((digit = unsigned(*at) - '0') <= 9) {
            sum = sum * 10 + digit;
            at++;
        }
        if (at == first || at - first > 18 || (*first == '0' && at - first > 1)) return false;
        value = int64_t(sum);
        return *at == ',' || *at == '}';
    }

    bool flag(uint8_t &value) {
        value = literal("true");
        return (value || literal("false")) && (*at == ',' || *at == '}');
    }
};

// The members of an object behind its opening brace, up to the closing one, which is not passed.
//
// `read` passes one and gives its bit, 0 for one that cannot be read. False also where one is there twice, or one of
// `needed` is not there.
template <typename Read>
inline bool members(Scan &scan, unsigned needed, Read read) {
    unsigned seen = 0;
    for (;;) {
        unsigned field = read(scan);
        if (field == 0 || (seen & field)) return false;
        seen |= field;
        if (!scan.take(',')) return (seen & needed) == needed;
    }
}

// An object within the text from behind its opening brace on.
template <typename Read>
inline bool object(Scan &scan, unsigned needed, Read read) {
    return members(scan, needed, read) && scan.at < scan.last && scan.take('}');
}

// Nothing is read of a text that does not end as an object does.
inline bool is_closed(const uint8_t *text, size_t length) {
    return length >= 2 && length <= TDJ_LENGTH_MAX && text[length - 1] == '}';
}

// A push: the object that is the whole text.
template <typename Read>
inline int32_t push(const uint8_t *text, size_t length, unsigned needed, Read read) {
    if (!is_closed(text, length)) return TDJ_UNUSUAL;
    Scan scan{text, text + length - 1, text};
    bool is_read = scan.take('{') && members(scan, needed, read) && scan.at == scan.last;
    return is_read ? TDJ_OK : TDJ_UNUSUAL;
}

}  // namespace scan
