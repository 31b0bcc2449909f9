// The fast path of `tickers.{symbol}`: its members as they stand, each with the number that it is.
//
// As that of order books: only the plainest form, in any order of keys; all else is `TDJ_UNUSUAL`.
#include "scan.hpp"

using scan::Scan;

namespace {

enum { TOPIC = 1, TYPE = 2, TS = 4, DATA = 8, CS = 16, ALL = TYPE | TS | DATA };

bool read_members(Scan &scan, tdj_parser &parser, uint32_t &count) {
    count = 0;
    for (;;) {
        if (!scan.take('"')) return false;
        if (!reserve(parser.members, parser.member_capacity, count + 1)) return false;
        tdj_member &member = parser.members[count++];
        member = tdj_member{};
        if (!scan.rest_of_string(member.name) || !scan.take(':') || !scan.take('"')) return false;
        const uint8_t *start = scan.at;
        member.is_number = scan::decimal(scan.at, member.number);
        if (member.is_number) {
            member.value.start = uint32_t(start - scan.text);
            member.value.length = uint32_t(scan.at - 1 - start);
        } else if (!scan.rest_of_string(member.value)) {
            return false;
        }
        if (scan.take(',')) continue;
        return scan.at < scan.last && scan.take('}');
    }
}

bool read_push(Scan &scan, tdj_parser &parser, tdj_ticker &push) {
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
            push.is_snapshot = scan.literal("snapshot\"");
            is_read = push.is_snapshot || scan.literal("delta\"");
        } else if (scan.literal("\"data\":{")) {
            field = DATA;
            is_read = read_members(scan, parser, push.count);
        } else if (scan.literal("\"cs\":")) {
            field = CS;
            is_read = scan.integer(push.cross_sequence);
        } else if (scan.literal("\"ts\":")) {
            field = TS;
            is_read = scan.integer(push.ts);
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

extern "C" int32_t tdj_parse_ticker(
    tdj_parser *parser,
    const uint8_t *text,
    size_t length,
    tdj_ticker *push
) {
    if (length < 2 || length > TDJ_LENGTH_MAX || text[length - 1] != '}') return TDJ_UNUSUAL;
    push->cross_sequence = 0;
    Scan scan{text, text + length - 1, text};
    if (!read_push(scan, *parser, *push)) return TDJ_UNUSUAL;
    push->members = parser->members;
    return TDJ_OK;
}
