#include "apus_simdjson.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include <simdjson.h>

#include "apus_json_numbers.h"

using simdjson::error_code;

namespace {

/// A token that simdjson refuses and we take: where it stands among the numbers, and its value.
struct Patch {
    size_t ordinal;
    double value;
};

/// A text with every such token replaced by a number that simdjson takes.
struct Rewrite {
    std::vector<uint8_t> text;
    std::vector<Patch> patches;
};

bool is_number_byte(uint8_t byte) {
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' || byte == 'e' || byte == 'E';
}

/// The length of `word` when it stands at `text[at...]` as a whole token, else 0.
size_t token(const uint8_t *text, size_t count, size_t at, const char *word) {
    const size_t length = std::strlen(word);
    if (count - at < length || std::memcmp(text + at, word, length) != 0) return 0;
    if (at + length == count) return length;
    const uint8_t next = text[at + length];
    return next != 0 && std::strchr(",]} \t\r\n", next) != nullptr ? length : 0;
}

/// Whether these bytes are an integer as RFC 8259 writes it: no leading zero, no plus, a digit at least.
bool is_integer(const uint8_t *text, size_t count) {
    const size_t first = count > 0 && text[0] == '-' ? 1 : 0;
    if (count == first || (text[first] == '0' && count > first + 1)) return false;
    for (size_t at = first; at < count; at++) {
        if (text[at] < '0' || text[at] > '9') return false;
    }
    return true;
}

/// Whether these digits are an integer that simdjson takes.
bool fits_64_bits(const uint8_t *text, size_t count) {
    const char *first = reinterpret_cast<const char *>(text), *last = first + count;
    int64_t negative;
    uint64_t positive;
    const auto result = *first == '-' ? std::from_chars(first, last, negative) : std::from_chars(first, last, positive);
    return result.ec == std::errc();
}

size_t end_of_string(const uint8_t *text, size_t count, size_t at) {
    for (at += 1; at < count; at++) {
        if (text[at] == '\\') {
            at += 1;
        } else if (text[at] == '"') {
            return at + 1;
        }
    }
    return count;
}

/// One token outside of strings: copies it, or puts a stand-in and notes what it stands for.
size_t rewrite_token(const uint8_t *text, size_t count, size_t at, size_t &numbers, Rewrite &rewrite) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const struct { const char *word; double value; } words[] = {
        {"NaN", std::numeric_limits<double>::quiet_NaN()}, {"Infinity", infinity}, {"-Infinity", -infinity}};
    const auto stand_in = [&](double value) {
        rewrite.patches.push_back({numbers++, value});
        rewrite.text.insert(rewrite.text.end(), {'0', '.', '0'});
    };
    // Behind a sign or a digit no word begins: -NaN and 1NaN are no numbers.
    const bool is_inside = at > 0 && is_number_byte(text[at - 1]);
    for (const auto &entry : words) {
        if (is_inside) break;
        if (const size_t length = token(text, count, at, entry.word)) {
            stand_in(entry.value);
            return at + length;
        }
    }
    if (text[at] != '-' && (text[at] < '0' || text[at] > '9')) {
        rewrite.text.push_back(text[at]);
        return at + 1;
    }
    size_t end = at;
    while (end < count && is_number_byte(text[end])) end++;
    // 19 digits always fit 64 bits, so anything shorter is as simdjson reads it. 310 digits never fit a double.
    if (end - at > 19 && end - at < 400 && is_integer(text + at, end - at)) {
        char digits[401] = {};
        std::memcpy(digits, text + at, end - at);
        const double value = std::strtod(digits, nullptr);
        if (std::isfinite(value) && !fits_64_bits(text + at, end - at)) {
            stand_in(value);
            return end;
        }
    }
    numbers++;
    rewrite.text.insert(rewrite.text.end(), text + at, text + end);
    return end;
}

/// Strings are copied as they are, so nothing a user writes in one is ever taken for a token.
Rewrite rewritten(const uint8_t *text, size_t count) {
    Rewrite rewrite;
    rewrite.text.reserve(count + APUS_JSON_PADDING);
    size_t numbers = 0;
    for (size_t at = 0; at < count;) {
        if (text[at] == '"') {
            const size_t end = end_of_string(text, count, at);
            rewrite.text.insert(rewrite.text.end(), text + at, text + end);
            at = end;
        } else {
            at = rewrite_token(text, count, at, numbers, rewrite);
        }
    }
    return rewrite;
}

/// Puts the values where the stand-ins are: the n-th number of the text is the n-th number of the tape.
void patch(uint64_t *tape, const std::vector<Patch> &patches) {
    const size_t end = static_cast<uint32_t>(tape[0]);
    size_t number = 0;
    auto next = patches.begin();
    for (size_t index = 1; index < end && next != patches.end();) {
        const uint8_t kind = apus_json_kind(tape + index);
        const bool is_number = kind == APUS_JSON_DOUBLE || kind == APUS_JSON_INT64 || kind == APUS_JSON_UINT64;
        if (is_number && number++ == next->ordinal) {
            std::memcpy(tape + index + 1, &next->value, sizeof(double));
            ++next;
        }
        index += is_number ? 2 : 1;
    }
}

apus_json_status status(error_code code) {
    switch (code) {
    case simdjson::SUCCESS: return APUS_JSON_OK;
    case simdjson::EMPTY: return APUS_JSON_EMPTY;
    case simdjson::CAPACITY: return APUS_JSON_TOO_LARGE;
    case simdjson::MEMALLOC: return APUS_JSON_NO_MEMORY;
    case simdjson::DEPTH_ERROR: return APUS_JSON_TOO_DEEP;
    case simdjson::UTF8_ERROR: return APUS_JSON_NOT_UTF8;
    case simdjson::UNCLOSED_STRING:
    case simdjson::UNESCAPED_CHARS:
    case simdjson::STRING_ERROR: return APUS_JSON_BAD_STRING;
    case simdjson::NUMBER_ERROR: return APUS_JSON_BAD_NUMBER;
    default: return APUS_JSON_BAD_SYNTAX;
    }
}

}  // namespace

struct apus_json_parser {
    explicit apus_json_parser(size_t limit) : limit(limit) {}

    /// - Parameter reads_numbers: lists of numbers go to `numbers`.
    error_code parse(const uint8_t *text, size_t count, bool reads_numbers) {
        if (!parser) parser = std::make_unique<simdjson::dom::parser>(2 * limit + 4096);
        if (parser->capacity() < count || parser->capacity() == 0) {
            // Grown in powers of two, so that slowly growing texts do not allocate each time.
            size_t wanted = 4096;
            while (wanted < count) wanted *= 2;
            if (const auto error = allocate(wanted)) {
                // Of its parts some have grown and some are gone, whatever its capacity says: the next text begins anew.
                parser.reset();
                return error;
            }
        }
        numbers.clear();
        return reads_numbers ? parse_numbers_apart(text, count) : parser->parse(text, count, false).error();
    }

    error_code allocate(size_t capacity) {
        if (const auto error = parser->allocate(capacity, APUS_JSON_DEPTH_LIMIT)) return error;
        return parser->doc.allocate(capacity);
    }

    /// simdjson's own parse is its two stages, one after the other; the numbers are taken out between them.
    error_code parse_numbers_apart(const uint8_t *text, size_t count) {
        auto &stages = *parser->implementation;
        if (const auto error = stages.stage1(text, count, simdjson::stage1_mode::regular)) return error;
        numbers.take(text, stages, APUS_JSON_DEPTH_LIMIT);
        if (const auto error = stages.stage2(parser->doc)) return error;
        numbers.link(parser->doc.tape.get());
        return simdjson::SUCCESS;
    }

    size_t limit;
    std::unique_ptr<simdjson::dom::parser> parser;
    apus::NumberLists numbers;
};

apus_json_parser *apus_json_parser_create(size_t capacity_limit) {
    return new (std::nothrow) apus_json_parser(capacity_limit);
}

void apus_json_parser_destroy(apus_json_parser *parser) { delete parser; }

apus_json_status apus_json_parse(
    apus_json_parser *parser, const uint8_t *text, size_t count, apus_json_document *document) try {
    if (count > parser->limit) return APUS_JSON_TOO_LARGE;
    error_code error = parser->parse(text, count, true);
    if (error == simdjson::TAPE_ERROR || error == simdjson::NUMBER_ERROR) {
        Rewrite rewrite = rewritten(text, count);
        if (!rewrite.patches.empty()) {
            const size_t length = rewrite.text.size();
            rewrite.text.resize(length + APUS_JSON_PADDING);
            error = parser->parse(rewrite.text.data(), length, false);
            if (!error) patch(parser->parser->doc.tape.get(), rewrite.patches);
        }
    }
    if (error) return status(error);
    document->tape = parser->parser->doc.tape.get();
    document->strings = parser->parser->doc.string_buf.get();
    document->numbers = parser->numbers.words();
    return APUS_JSON_OK;
} catch (const std::bad_alloc &) {
    return APUS_JSON_NO_MEMORY;
}

void apus_json_parser_shrink(apus_json_parser *parser, size_t capacity) {
    if (!parser->parser || parser->parser->capacity() <= capacity) return;
    parser->parser.reset();
    parser->numbers = {};
}
