// The fast path of `publicTrade.{symbol}`: trades straight from their bytes.
//
// As that of order books: only the plainest form, in any order of keys; all else is `TDJ_UNUSUAL`.
#include "scan.hpp"

using scan::Scan;

namespace {

enum { TOPIC = 1, TYPE = 2, TS = 4, DATA = 8, ID = 16, ALL = TS | DATA };
enum {
    TIME = 1, SYMBOL = 2, SIDE = 4, SIZE = 8, PRICE = 16, TRADE = 32, ALL_FIELDS = 63,
    TICK = 64, BLOCK = 128, IMPROVEMENT = 256, SEQUENCE = 512,
};

// One member of a trade: the field that it is, 0 for what cannot be read.
unsigned read_field(Scan &scan, tdj_trade &trade) {
    // A quote is not the last byte: one more can be looked at.
    if (*scan.at != '"') return 0;
    switch (scan.at[1]) {
        case 'T': return scan.literal("\"T\":") && scan.integer(trade.time) ? TIME : 0;
        case 's':
            if (scan.literal("\"s\":\"")) return scan.rest_of_string(trade.symbol) ? SYMBOL : 0;
            return scan.literal("\"seq\":") && scan.integer(trade.cross_sequence) ? SEQUENCE : 0;
        case 'S':
            if (!scan.literal("\"S\":\"")) return 0;
            trade.is_buy = scan.literal("Buy\"");
            return trade.is_buy || scan.literal("Sell\"") ? SIDE : 0;
        case 'v': return scan.literal("\"v\":\"") && scan::decimal(scan.at, trade.size) ? SIZE : 0;
        case 'p': return scan.literal("\"p\":\"") && scan::decimal(scan.at, trade.price) ? PRICE : 0;
        case 'L': return scan.literal("\"L\":\"") && scan.rest_of_string(trade.tick_direction) ? TICK : 0;
        case 'i':
            return scan.literal("\"i\":\"") && scan.rest_of_string(trade.id) && trade.id.length > 0 ? TRADE : 0;
        case 'B': return scan.literal("\"BT\":") && scan.flag(trade.is_block) ? BLOCK : 0;
        case 'R': return scan.literal("\"RPI\":") && scan.flag(trade.is_improvement) ? IMPROVEMENT : 0;
        default: return 0;
    }
}

bool read_trade(Scan &scan, tdj_trade &trade) {
    if (!scan.take('{')) return false;
    trade = tdj_trade{};
    return scan::object(scan, ALL_FIELDS, [&](Scan &scan) { return read_field(scan, trade); });
}

bool read_trades(Scan &scan, tdj_parser &parser, uint32_t &count) {
    count = 0;
    if (!scan.take('[')) return false;
    for (;;) {
        if (!reserve(parser.trades, parser.trade_capacity, count + 1)) return false;
        if (!read_trade(scan, parser.trades[count])) return false;
        count++;
        if (scan.take(',')) continue;
        return scan.take(']');
    }
}

unsigned read_member(Scan &scan, tdj_parser &parser, tdj_trades &push) {
    tdj_text ignored;
    if (scan.literal("\"topic\":\"")) return scan.rest_of_string(ignored) ? TOPIC : 0;
    if (scan.literal("\"type\":\"")) return scan.rest_of_string(ignored) ? TYPE : 0;
    if (scan.literal("\"id\":\"")) return scan.rest_of_string(ignored) ? ID : 0;
    if (scan.literal("\"ts\":")) return scan.integer(push.ts) ? TS : 0;
    return scan.literal("\"data\":") && read_trades(scan, parser, push.count) ? DATA : 0;
}

}  // namespace

extern "C" int32_t tdj_parse_trades(
    tdj_parser *parser,
    const uint8_t *text,
    size_t length,
    tdj_trades *push
) {
    auto member = [&](Scan &scan) { return read_member(scan, *parser, *push); };
    int32_t status = scan::push(text, length, ALL, member);
    push->trades = parser->trades;
    return status;
}
