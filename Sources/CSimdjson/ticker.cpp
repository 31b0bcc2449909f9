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

unsigned read_member(Scan &scan, tdj_parser &parser, tdj_ticker &push) {
    if (scan.literal("\"topic\":\"")) {
        tdj_text topic;
        return scan.rest_of_string(topic) ? TOPIC : 0;
    }
    if (scan.literal("\"type\":\"")) {
        push.is_snapshot = scan.literal("snapshot\"");
        return push.is_snapshot || scan.literal("delta\"") ? TYPE : 0;
    }
    if (scan.literal("\"data\":{")) return read_members(scan, parser, push.count) ? DATA : 0;
    if (scan.literal("\"cs\":")) return scan.integer(push.cross_sequence) ? CS : 0;
    return scan.literal("\"ts\":") && scan.integer(push.ts) ? TS : 0;
}

}  // namespace

extern "C" int32_t tdj_parse_ticker(
    tdj_parser *parser,
    const uint8_t *text,
    size_t length,
    tdj_ticker *push
) {
    push->cross_sequence = 0;
    auto member = [&](Scan &scan) { return read_member(scan, *parser, *push); };
    int32_t status = scan::push(text, length, ALL, member);
    push->members = parser->members;
    return status;
}
