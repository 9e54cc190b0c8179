#include "apus_json_numbers.h"

#include <charconv>
#include <cstring>

#include "apus_json_plain.h"
#include "apus_simdjson.h"

namespace numberparsing = simdjson::SIMDJSON_BUILTIN_IMPLEMENTATION::numberparsing;

namespace {

/// Shorter lists are simdjson's.
constexpr size_t shortest_list = 16;

/// Where one number is not plain from the start, the next ones are likely not to be either: so many are not tried.
constexpr size_t others_at_once = 8;

/// So many digits always fit an int64_t, and a uint64_t.
constexpr ptrdiff_t integer_digits = 18, decimal_digits = 19;

bool is_digit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

/// Whether all eight bytes are digits: of '0' to '9' alone are the upper halves 3, also with 6 more.
bool are_digits(uint64_t bytes) {
    constexpr uint64_t upper = 0xF0F0F0F0F0F0F0F0, threes = 0x3030303030303030;
    return (bytes & upper) == threes && ((bytes + 0x0606060606060606) & upper) == threes;
}

/// The value of eight digits, the first one in the lowest byte: joined to pairs, to fours, to all.
uint32_t eight_digits(uint64_t bytes) {
    bytes = (bytes & 0x0F0F0F0F0F0F0F0F) * (10 << 8 | 1) >> 8;
    bytes = (bytes & 0x00FF00FF00FF00FF) * (100 << 16 | 1) >> 16;
    return static_cast<uint32_t>((bytes & 0x0000FFFF0000FFFF) * (uint64_t{10000} << 32 | 1) >> 32);
}

bool put(double value, uint64_t *words) {
    words[0] = uint64_t{APUS_JSON_DOUBLE} << 56;
    std::memcpy(words + 1, &value, sizeof value);
    return true;
}

/// One digit, a point, and one to six digits, as most numbers of most tensors are: no branch for each digit.
inline bool read_short(const uint8_t *text, size_t count, bool is_negative, uint64_t *words) {
    if (count < 3 || count > 8 || text[1] != '.') return false;
    uint64_t bytes;
    std::memcpy(&bytes, text, sizeof bytes);
    // The point goes, and the digits move to the end of the eight bytes, behind as many zeros as are missing.
    bytes = (bytes >> 8 & ~uint64_t{0xFF}) | (bytes & 0xFF);
    const size_t spare = 8 * (9 - count);
    bytes = bytes << spare | (0x3030303030303030 & ((uint64_t{1} << spare) - 1));
    if (!are_digits(bytes)) return false;
    constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    // The quotient of two exact doubles is rounded once, to the nearest (Clinger, "How to read floating point
    // numbers accurately", 1990).
    const double value = static_cast<double>(static_cast<int32_t>(eight_digits(bytes))) / powers[count - 2];
    put(value, words);
    words[1] |= uint64_t{is_negative} << 63;
    return true;
}

/// A number's digits, and how many of them stand behind the point.
struct Digits {
    uint64_t value = 0;
    ptrdiff_t count = 0;

    /// Reads on; overflows silently beyond 19 digits.
    const uint8_t *read(const uint8_t *at, const uint8_t *end) {
        const uint8_t *start = at;
        for (; at < end && is_digit(*at); at++) value = value * 10 + (*at - '0');
        count += at - start;
        return at;
    }

    /// The same for many: eight at a time.
    const uint8_t *read_many(const uint8_t *at, const uint8_t *end) {
        for (uint64_t bytes; end - at >= 8; at += 8, count += 8) {
            std::memcpy(&bytes, at, sizeof bytes);
            if (!are_digits(bytes)) break;
            value = value * 100000000 + eight_digits(bytes);
        }
        return read(at, end);
    }
};

bool put_integer(const Digits &digits, bool is_negative, uint64_t *words) {
    if (digits.count > integer_digits) return false;
    words[0] = uint64_t{APUS_JSON_INT64} << 56;
    words[1] = is_negative ? 0 - digits.value : digits.value;
    return true;
}

/// `text` is known to be a number; the C++ library rounds to nearest, as simdjson does.
bool put_rounded(const uint8_t *text, const uint8_t *end, uint64_t *words) {
    double value;
    const auto first = reinterpret_cast<const char *>(text), last = reinterpret_cast<const char *>(end);
    const auto result = std::from_chars(first, last, value);
    return result.ec == std::errc() && result.ptr == last && put(value, words);
}

}  // namespace

namespace apus {

const uint8_t *read_number_at(const uint8_t *text, const uint8_t *limit, uint64_t *words) {
    const bool is_negative = *text == '-';
    const uint8_t *at = text + is_negative;
    Digits digits;
    const uint8_t *whole = at;
    at = digits.read(at, limit);
    if (digits.count == 0 || (*whole == '0' && digits.count > 1)) return nullptr;
    ptrdiff_t decimals = 0;
    if (at < limit && *at == '.') {
        const ptrdiff_t before = digits.count;
        at = digits.read_many(at + 1, limit);
        decimals = digits.count - before;
        if (decimals == 0) return nullptr;
    }
    if (at < limit && (*at == 'e' || *at == 'E')) {
        at += 1;
        if (at < limit && (*at == '+' || *at == '-')) at += 1;
        Digits exponent;
        at = exponent.read(at, limit);
        return exponent.count > 0 && put_rounded(text, at, words) ? at : nullptr;
    }
    if (decimals == 0) return put_integer(digits, is_negative, words) ? at : nullptr;
    double value;
    const bool is_rounded = digits.count <= decimal_digits
        && numberparsing::compute_float_64(-decimals, digits.value, is_negative, value);
    return (is_rounded ? put(value, words) : put_rounded(text, at, words)) ? at : nullptr;
}

bool read_number(const uint8_t *text, const uint8_t *end, uint64_t *words) {
    return read_number_at(text, end, words) == end;
}

const uint8_t *read_list_number(const uint8_t *text, const uint8_t *limit, uint64_t *words) {
    // Where the number ends, when that is among its first eight bytes: at a comma, a bracket or a space. The lowest
    // byte that is marked is exact; what is above it does not matter.
    constexpr uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    const bool is_negative = *text == '-';
    uint64_t bytes;
    std::memcpy(&bytes, text + is_negative, sizeof bytes);
    const uint64_t commas = bytes ^ ones * ',', brackets = bytes ^ ones * ']';
    const uint64_t ends = (((commas - ones) & ~commas) | ((brackets - ones) & ~brackets)
                           | ((bytes - ones * 0x21) & ~bytes)) & tops;
    if (ends != 0) {
        const size_t count = __builtin_ctzll(ends) >> 3;
        const uint8_t *end = text + is_negative + count;
        if (end <= limit && read_short(text + is_negative, count, is_negative, words)) return end;
    }
    return read_number_at(text, limit, words);
}

/// Reads the number at `start`; spaces may be between it and the separator at `end`.
static bool read_element(const uint8_t *start, const uint8_t *end, uint64_t *words) {
    const bool is_negative = *start == '-';
    if (read_short(start + is_negative, end - start - is_negative, is_negative, words)) return true;
    while (is_space(end[-1])) end--;  // stops at the number, which is a token, at the latest
    return read_number(start, end, words);
}

size_t read_numbers(const uint8_t *text, const uint32_t *tokens, size_t count, uint64_t *words) {
    size_t next = 0, others = 0;
    do {
        const size_t read =
            others == 0 ? read_plain_numbers(text, tokens + next, count - next, words + next) : 0;
        if (read > 0) {
            others = 1;
            next += read;
        } else if (next + 1 < count && read_element(text + tokens[next], text + tokens[next + 1], words + next)) {
            others = others == 0 ? others_at_once : others - 1;
            next += 2;
        } else {
            return next;
        }
    } while (next < count && text[tokens[next - 1]] == ',');
    return next;
}

void NumberLists::take(
    const uint8_t *text, simdjson::internal::dom_parser_implementation &tokens, size_t depth_limit) {
    uint32_t *const starts = tokens.structural_indexes.get();
    const size_t count = tokens.n_structural_indexes;
    size_t kept = 0, depth = 0, lists = 0;
    for (size_t next = 0; next < count;) {
        const uint8_t byte = text[starts[next]];
        starts[kept++] = starts[next++];
        if (byte == '[') {
            // Whether a list that is not empty may stand so deep is for stage 2 to say.
            if (depth + 2 < depth_limit && count - next >= 2 * shortest_list
                && text[starts[next + 2 * shortest_list - 3]] == ',') {
                reserve(count);
                const size_t length = read_list(text, starts + next, count - next);
                if (length > 0) {
                    places.push_back({lists, used});
                    used += 1 + length;
                    next += length - 1;  // each number has a comma behind it but the last
                }
            }
            lists += 1;
            depth += 1;
        } else if (byte == '{') {
            depth += 1;
        } else if (byte == ']' || byte == '}') {
            depth -= depth > 0;
        }
    }
    if (places.empty()) return;
    // What stage 1 puts behind the last token, stage 2 reads.
    for (size_t after = 0; after < 3; after++) starts[kept + after] = starts[count + after];
    tokens.n_structural_indexes = static_cast<uint32_t>(kept);
}

/// Reads the numbers of the list whose first element is the first of `tokens` to `memory`.
/// - Returns: twice their number; 0 when it is not a list of numbers.
size_t NumberLists::read_list(const uint8_t *text, const uint32_t *tokens, size_t count) {
    uint64_t *words = memory.get() + used;
    const size_t read = read_numbers(text, tokens, count, words + 1);
    if (read == 0 || text[tokens[read - 1]] != ']') return 0;
    words[0] = read / 2;
    return read;
}

void NumberLists::link(uint64_t *tape) const {
    size_t lists = 0;
    auto place = places.begin();
    for (size_t index = 1; place != places.end(); index++) {
        const uint8_t kind = apus_json_kind(tape + index);
        if (kind == APUS_JSON_ARRAY && lists++ == place->ordinal) {
            tape[index + 1] = uint64_t{APUS_JSON_NUMBERS} << 56 | place->offset;
            ++place;
        } else if (kind == APUS_JSON_DOUBLE || kind == APUS_JSON_INT64 || kind == APUS_JSON_UINT64) {
            index += 1;
        }
    }
}

void NumberLists::clear() {
    used = 0;
    places.clear();
}

/// Room for all lists of a text: a number and its separator are two tokens and make two words.
void NumberLists::reserve(size_t token_count) {
    if (capacity > token_count) return;
    memory.reset(new uint64_t[token_count + 1]);
    capacity = token_count + 1;
}

}  // namespace apus
