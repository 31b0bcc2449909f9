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
    unsigned seen = 0;
    for (;;) {
        unsigned field = read_field(scan, trade);
        // What cannot be read, or is there twice.
        if (field == 0 || (seen & field)) return false;
        seen |= field;
        if (scan.take(',')) continue;
        return scan.at < scan.last && scan.take('}') && (seen & ALL_FIELDS) == ALL_FIELDS;
    }
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

bool read_push(Scan &scan, tdj_parser &parser, tdj_trades &push) {
    unsigned seen = 0;
    tdj_text ignored;
    if (!scan.take('{')) return false;
    for (;;) {
        unsigned field;
        bool is_read;
        if (scan.literal("\"topic\":\"")) {
            field = TOPIC;
            is_read = scan.rest_of_string(ignored);
        } else if (scan.literal("\"type\":\"")) {
            field = TYPE;
            is_read = scan.rest_of_string(ignored);
        } else if (scan.literal("\"id\":\"")) {
            field = ID;
            is_read = scan.rest_of_string(ignored);
        } else if (scan.literal("\"ts\":")) {
            field = TS;
            is_read = scan.integer(push.ts);
        } else if (scan.literal("\"data\":")) {
            field = DATA;
            is_read = read_trades(scan, parser, push.count);
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

extern "C" int32_t tdj_parse_trades(
    tdj_parser *parser,
    const uint8_t *text,
    size_t length,
    tdj_trades *push
) {
    if (length < 2 || length > TDJ_LENGTH_MAX || text[length - 1] != '}') return TDJ_UNUSUAL;
    Scan scan{text, text + length - 1, text};
    if (!read_push(scan, *parser, *push)) return TDJ_UNUSUAL;
    push->trades = parser->trades;
    return TDJ_OK;
}
