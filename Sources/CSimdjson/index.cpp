// The general path: one JSON text to a flat array of nodes.
#include "parser.hpp"

#include <new>

using namespace simdjson;

extern "C" tdj_parser *tdj_parser_create(void) {
    auto *parser = new (std::nothrow) tdj_parser();
    if (!parser) return nullptr;
    auto error = get_active_implementation()->create_dom_parser_implementation(
        4096, TDJ_DEPTH_MAX, parser->implementation
    );
    if (error || !parser->implementation) {
        delete parser;
        return nullptr;
    }
    parser->text_capacity = 4096;
    return parser;
}

extern "C" void tdj_parser_destroy(tdj_parser *parser) { delete parser; }

// First byte that is not UTF-8; only looked for when the first stage has said that there is one.
static size_t first_bad_utf8(const uint8_t *text, size_t length) {
    size_t at = 0;
    while (at < length) {
        uint8_t lead = text[at];
        if (lead < 0x80) {
            at++;
            continue;
        }
        size_t more = lead >= 0xc2 && lead <= 0xdf ? 1 : lead >= 0xe0 && lead <= 0xef ? 2
                    : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
        if (!more || length - at <= more) return at;
        for (size_t i = 1; i <= more; i++)
            if ((text[at + i] & 0xc0) != 0x80) return at;
        uint8_t second = text[at + 1];
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)
            || (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
            return at;
        at += more + 1;
    }
    return length;
}

int32_t index_text(tdj_parser &parser, const uint8_t *text, size_t length, size_t &error_offset) {
    error_offset = 0;
    if (length == 0) return TDJ_EMPTY;
    if (length > TDJ_LENGTH_MAX) return TDJ_TOO_LARGE;
    if (length > parser.text_capacity) {
        size_t grown = parser.text_capacity;
        while (grown < length) grown *= 2;
        if (parser.implementation->set_capacity(grown)) return TDJ_NO_MEMORY;
        parser.text_capacity = grown;
    }
    switch (parser.implementation->stage1(text, length, stage1_mode::regular)) {
        case SUCCESS: return TDJ_OK;
        case EMPTY: return TDJ_EMPTY;
        case UTF8_ERROR: error_offset = first_bad_utf8(text, length); return TDJ_NOT_UTF8;
        case UNCLOSED_STRING: error_offset = length; return TDJ_UNCLOSED_STRING;
        case UNESCAPED_CHARS: return TDJ_CONTROL_CHARACTER;
        case CAPACITY: return TDJ_TOO_LARGE;
        case MEMALLOC: return TDJ_NO_MEMORY;
        default: return TDJ_SYNTAX;
    }
}

static inline bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static inline bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

static bool is_number(const uint8_t *at, const uint8_t *end) {
    if (at < end && *at == '-') at++;
    if (at == end || !is_digit(*at)) return false;
    if (*at == '0') at++;
    else while (at < end && is_digit(*at)) at++;
    if (at < end && *at == '.') {
        if (++at == end || !is_digit(*at)) return false;
        while (at < end && is_digit(*at)) at++;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        if (++at < end && (*at == '+' || *at == '-')) at++;
        if (at == end || !is_digit(*at)) return false;
        while (at < end && is_digit(*at)) at++;
    }
    return at == end;
}

static int hex4(const uint8_t *at, const uint8_t *end) {
    if (end - at < 4) return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t byte = at[i];
        int digit = is_digit(byte) ? byte - '0' : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                  : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

// 0: no escape. 1: escapes, all well formed. −1: a bad one (half a surrogate pair is one).
static int escapes(const uint8_t *at, const uint8_t *end) {
    auto *slash = static_cast<const uint8_t *>(std::memchr(at, '\\', size_t(end - at)));
    if (!slash) return 0;
    for (at = slash; at < end; at++) {
        if (*at != '\\') continue;
        if (++at == end) return -1;
        if (*at != 'u') {
            if (!std::strchr("\"\\/bfnrt", *at) || *at == 0) return -1;
            continue;
        }
        int code = hex4(at + 1, end);
        if (code < 0 || (code >= 0xdc00 && code <= 0xdfff)) return -1;
        at += 4;
        if (code >= 0xd800 && code <= 0xdbff) {
            if (end - at < 7 || at[1] != '\\' || at[2] != 'u') return -1;
            int low = hex4(at + 3, end);
            if (low < 0xdc00 || low > 0xdfff) return -1;
            at += 6;
        }
    }
    return 1;
}

namespace {

struct Walk {
    tdj_parser &parser;
    const uint8_t *text;
    const uint32_t *index;
    uint32_t index_count;
    bool may_escape;
    size_t error_offset = 0;

    // The structural byte at place `k`, 0 past the end.
    uint8_t byte(uint32_t k) const { return k < index_count ? text[index[k]] : 0; }

    int32_t fail(int32_t status, uint32_t k) {
        error_offset = index[k < index_count ? k : index_count];
        return k < index_count || status != TDJ_SYNTAX ? status : int32_t(TDJ_CUT_SHORT);
    }

    // The end of the token at place `k`: the byte after its last one, spaces before the next token left out.
    uint32_t token_end(uint32_t k) const {
        uint32_t end = index[k + 1];
        while (is_space(text[end - 1])) end--;
        return end;
    }

    int32_t run(uint32_t &node_count);
};

int32_t Walk::run(uint32_t &node_count) {
    if (!reserve(parser.nodes, parser.node_capacity, index_count + 1)) return TDJ_NO_MEMORY;
    tdj_node *nodes = parser.nodes;
    uint32_t stack[TDJ_DEPTH_MAX];
    uint32_t depth = 0, count = 0, k = 0;
    uint32_t key_start = 0, key_length = 0;
    uint8_t key_flags = 0;

    for (;;) {
        // A value stands at place k.
        tdj_node *node = &nodes[count];
        uint32_t start = k < index_count ? index[k] : 0;
        *node = tdj_node{start, 1, key_start, key_length, count + 1, 0, 0, key_flags, uint16_t(depth)};
        switch (byte(k)) {
            case '{':
            case '[': {
                if (depth == TDJ_DEPTH_MAX) return fail(TDJ_TOO_DEEP, k);
                bool is_object = byte(k) == '{';
                node->kind = is_object ? TDJ_OBJECT : TDJ_ARRAY;
                stack[depth++] = count++;
                k++;
                if (byte(k) == (is_object ? '}' : ']')) break;
                if (is_object) goto key;
                key_start = key_length = key_flags = 0;
                continue;
            }
            case '"': {
                uint32_t end = token_end(k) - 1;
                if (end <= start || text[end] != '"') return fail(TDJ_SYNTAX, k);
                node->kind = TDJ_STRING;
                node->start = start + 1;
                node->length = end - start - 1;
                if (may_escape) {
                    int found = escapes(text + start + 1, text + end);
                    if (found < 0) return fail(TDJ_BAD_ESCAPE, k);
                    if (found) node->flags |= TDJ_VALUE_ESCAPED;
                }
                count++;
                k++;
                goto after;
            }
            case '-': case '0': case '1': case '2': case '3': case '4':
            case '5': case '6': case '7': case '8': case '9': {
                uint32_t end = token_end(k);
                if (!is_number(text + start, text + end)) return fail(TDJ_BAD_NUMBER, k);
                node->kind = TDJ_NUMBER;
                node->length = end - start;
                count++;
                k++;
                goto after;
            }
            case 't': case 'f': case 'n': {
                uint32_t length = token_end(k) - start;
                const uint8_t *at = text + start;
                if (length == 4 && !std::memcmp(at, "true", 4)) node->kind = TDJ_TRUE;
                else if (length == 5 && !std::memcmp(at, "false", 5)) node->kind = TDJ_FALSE;
                else if (length == 4 && !std::memcmp(at, "null", 4)) node->kind = TDJ_NULL;
                else return fail(TDJ_BAD_LITERAL, k);
                node->length = length;
                count++;
                k++;
                goto after;
            }
            default: return fail(TDJ_SYNTAX, k);
        }
    close: {
        // A closing bracket of the innermost container stands at place k.
        tdj_node *container = &nodes[stack[--depth]];
        container->end = count;
        container->length = index[k] + 1 - container->start;
        k++;
    }
    after:
        if (depth == 0) {
            if (k != index_count) return fail(TDJ_TRAILING, k);
            node_count = count;
            return TDJ_OK;
        }
        {
            tdj_node *container = &nodes[stack[depth - 1]];
            container->count++;
            bool is_object = container->kind == TDJ_OBJECT;
            uint8_t next = byte(k);
            if (next == (is_object ? '}' : ']')) goto close;
            if (next != ',') return fail(TDJ_SYNTAX, k);
            k++;
            if (!is_object) {
                key_start = key_length = key_flags = 0;
                continue;
            }
        }
    key: {
        if (byte(k) != '"') return fail(TDJ_SYNTAX, k);
        uint32_t start = index[k];
        uint32_t end = token_end(k) - 1;
        if (end <= start || text[end] != '"' || byte(k + 1) != ':') return fail(TDJ_SYNTAX, k + 1);
        key_start = start + 1;
        key_length = end - start - 1;
        key_flags = 0;
        if (may_escape) {
            int found = escapes(text + start + 1, text + end);
            if (found < 0) return fail(TDJ_BAD_ESCAPE, k);
            if (found) key_flags = TDJ_KEY_ESCAPED;
        }
        k += 2;
    }
    }
}

}  // namespace

extern "C" int32_t tdj_parse(
    tdj_parser *parser,
    const uint8_t *text,
    size_t length,
    const tdj_node **nodes,
    uint32_t *count,
    size_t *error_offset
) {
    int32_t status = index_text(*parser, text, length, *error_offset);
    if (status) return status;
    Walk walk{
        *parser,
        text,
        parser->implementation->structural_indexes.get(),
        parser->implementation->n_structural_indexes,
        std::memchr(text, '\\', length) != nullptr,
    };
    status = walk.run(*count);
    *nodes = parser->nodes;
    *error_offset = walk.error_offset;
    return status;
}
