#include "apus_simdjson.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "apus_json_float16.h"
#include "apus_json_numbers.h"
#include "apus_json_plain.h"

namespace {

template <typename T>
T load(const uint64_t *word) {
    T value;
    std::memcpy(&value, word, sizeof value);
    return value;
}

apus_found found(const uint64_t *word) {
    switch (apus_json_kind(word)) {
    case APUS_JSON_NULL: return APUS_FOUND_NULL;
    case APUS_JSON_TRUE:
    case APUS_JSON_FALSE: return APUS_FOUND_BOOL;
    case APUS_JSON_INT64:
    case APUS_JSON_UINT64: return APUS_FOUND_INTEGER;
    case APUS_JSON_DOUBLE: return std::isfinite(load<double>(word + 1)) ? APUS_FOUND_FRACTION : APUS_FOUND_NONFINITE;
    case APUS_JSON_STRING: return APUS_FOUND_STRING;
    case APUS_JSON_ARRAY: return APUS_FOUND_ARRAY;
    default: return APUS_FOUND_OBJECT;
    }
}

/// An integer of type T, where it fits.
template <typename T>
struct Integer {
    using Element = T;
    static bool read(apus_json_document, const uint64_t *word, T *out) {
        switch (apus_json_kind(word)) {
        case APUS_JSON_INT64: {
            const auto value = load<int64_t>(word + 1);
            *out = static_cast<T>(value);
            if (std::is_unsigned<T>::value && value < 0) return false;
            return static_cast<int64_t>(*out) == value;
        }
        case APUS_JSON_UINT64:  // simdjson uses it above INT64_MAX only
            *out = static_cast<T>(load<uint64_t>(word + 1));
            return std::is_same<T, uint64_t>::value;
        case APUS_JSON_DOUBLE: {  // 1.0 loses nothing; beyond 2^53 the text may have meant another integer
            const auto value = load<double>(word + 1);
            if (!(std::fabs(value) <= 9007199254740992.0) || value != std::trunc(value)) return false;
            const auto integer = static_cast<int64_t>(value);
            *out = static_cast<T>(integer);
            if (std::is_unsigned<T>::value && integer < 0) return false;
            return static_cast<int64_t>(*out) == integer;
        }
        default: return false;
        }
    }

    /// - Returns: how many of a list's numbers it has read from the front; none may be.
    static size_t read_many(const uint64_t *words, size_t count, T *out) {
        size_t read = 0;
        for (; read < count && apus_json_kind(words + 2 * read) == APUS_JSON_INT64; read++) {
            const auto value = load<int64_t>(words + 2 * read + 1);
            out[read] = static_cast<T>(value);
            if (static_cast<int64_t>(out[read]) != value || (std::is_unsigned<T>::value && value < 0)) break;
        }
        return read;
    }
};

struct Bool {
    using Element = uint8_t;
    static bool read(apus_json_document, const uint64_t *word, uint8_t *out) {
        switch (apus_json_kind(word)) {
        case APUS_JSON_TRUE: *out = 1; return true;
        case APUS_JSON_FALSE: *out = 0; return true;
        case APUS_JSON_INT64: *out = word[1] == 1; return word[1] <= 1;
        case APUS_JSON_DOUBLE: {
            const auto value = load<double>(word + 1);
            *out = value == 1;
            return value == 1 || value == 0;
        }
        default: return false;
        }
    }
};

/// A number as a double; null is NaN.
bool read_double(const uint64_t *word, double *out) {
    const uint8_t kind = apus_json_kind(word);
    if (kind == APUS_JSON_DOUBLE) {  // most are
        *out = load<double>(word + 1);
        return true;
    }
    switch (kind) {
    case APUS_JSON_INT64: *out = static_cast<double>(load<int64_t>(word + 1)); return true;
    case APUS_JSON_UINT64: *out = static_cast<double>(load<uint64_t>(word + 1)); return true;
    case APUS_JSON_NULL: *out = std::numeric_limits<double>::quiet_NaN(); return true;
    default: return false;
    }
}

/// Wider than T, and not allowed to become infinite on the way.
template <typename T>
struct Floating {
    using Element = T;
    static bool read(apus_json_document, const uint64_t *word, T *out) {
        double value;
        if (!read_double(word, &value)) return false;
        *out = static_cast<T>(value);
        return !std::isinf(*out) || std::isinf(value);
    }

    /// - Returns: how many of a list's numbers it has read from the front; none may be.
    static size_t read_many(const uint64_t *words, size_t count, T *out) {
        if constexpr (std::is_same<T, float>::value) {
            return apus::narrow_numbers(words, count, out);
        } else {
            size_t read = 0;
            for (; read < count && apus_json_kind(words + 2 * read) == APUS_JSON_DOUBLE; read++) {
                out[read] = load<double>(words + 2 * read + 1);
            }
            return read;
        }
    }
};

template <uint16_t (*Narrow)(double), float (*Widen)(uint16_t)>
struct Floating16 {
    using Element = uint16_t;
    static bool read(apus_json_document, const uint64_t *word, uint16_t *out) {
        double value;
        if (!read_double(word, &value)) return false;
        *out = Narrow(value);
        return !std::isinf(Widen(*out)) || std::isinf(value);
    }
};

struct Text {
    using Element = apus_json_text;
    static bool read(apus_json_document document, const uint64_t *word, apus_json_text *out) {
        if (apus_json_kind(word) != APUS_JSON_STRING) return false;
        // The string buffer holds a 32-bit length, then the bytes (simdjson, doc/tape.md).
        const uint8_t *base = document.strings + (*word & 0x00FFFFFFFFFFFFFF);
        uint32_t count;
        std::memcpy(&count, base, sizeof count);
        *out = {base + sizeof count, count};
        return true;
    }
};

/// Whether many numbers at once are quicker.
template <typename Leaf>
constexpr bool reads_many = false;
template <typename T>
constexpr bool reads_many<Integer<T>> = true;
template <typename T>
constexpr bool reads_many<Floating<T>> = true;

/// The numbers of a list (apus_json_numbers.h).
/// - Returns: how many of them were read from the front before there was one that does not fit.
template <typename Leaf>
size_t read_list(const uint64_t *words, size_t count, typename Leaf::Element *out) {
    size_t read = 0;
    while (read < count) {
        if constexpr (reads_many<Leaf>) read += Leaf::read_many(words + 2 * read, count - read, out + read);
        for (const size_t end = std::min(read + 4, count); read < end; read++) {
            if (!Leaf::read({}, words + 2 * read, out + read)) return read;
        }
    }
    return read;
}

/// One filling: where it reads, where it writes, and what it expects.
template <typename Leaf>
struct Filling {
    apus_json_document document;
    const ptrdiff_t *dimensions;
    size_t rank;
    typename Leaf::Element *out;
    size_t written = 0;

    apus_fill leaves(apus_json_elements elements) {
        const uint64_t *tape = elements.document.tape;
        size_t index = elements.begin;
        if (tape != document.tape) {
            const size_t read = read_list<Leaf>(tape + index, (elements.end - index) / 2, out + written);
            written += read;
            index += 2 * read;
        }
        for (; index < elements.end; index = apus_json_after(tape, index)) {
            if (!Leaf::read(document, tape + index, out + written)) {
                return {APUS_FILL_BAD_LEAF, found(tape + index), written};
            }
            written += 1;
        }
        return {APUS_FILL_OK, APUS_FOUND_NULL, written};
    }

    apus_fill level(size_t index, size_t depth) {
        if (apus_json_kind(document.tape + index) != APUS_JSON_ARRAY
            || apus_json_array_count(document, index) != static_cast<size_t>(dimensions[depth])) {
            return {APUS_FILL_BAD_NESTING, APUS_FOUND_NULL, depth};
        }
        const apus_json_elements elements = apus_json_array(document, index);
        if (depth + 1 == rank) return leaves(elements);
        if (elements.document.tape != document.tape) return {APUS_FILL_BAD_NESTING, APUS_FOUND_NULL, depth + 1};
        for (index += 1; index < elements.end; index = apus_json_after(document.tape, index)) {
            const apus_fill result = level(index, depth + 1);
            if (result.status != APUS_FILL_OK) return result;
        }
        return {APUS_FILL_OK, APUS_FOUND_NULL, written};
    }
};

template <typename Leaf>
apus_fill fill(
    apus_json_document document, size_t index, const ptrdiff_t *dimensions, size_t rank, size_t count, void *out) {
    Filling<Leaf> filling{document, dimensions, rank, static_cast<typename Leaf::Element *>(out)};
    const apus_json_elements elements = apus_json_array(document, index);
    const bool is_nested = elements.begin < elements.end
        && apus_json_kind(elements.document.tape + elements.begin) == APUS_JSON_ARRAY;
    if (is_nested && rank > 1) return filling.level(index, 0);
    const size_t present = apus_json_array_count(document, index);
    if (present == 0 && count == 0) return {APUS_FILL_OK, APUS_FOUND_NULL, 0};
    if (present != count) return {APUS_FILL_BAD_COUNT, APUS_FOUND_NULL, present};
    return filling.leaves(elements);
}

template <typename Leaf>
apus_fill fill_one(apus_json_document document, size_t index, void *out) {
    const uint64_t *word = document.tape + index;
    if (Leaf::read(document, word, static_cast<typename Leaf::Element *>(out))) {
        return {APUS_FILL_OK, APUS_FOUND_NULL, 1};
    }
    return {APUS_FILL_BAD_LEAF, found(word), 0};
}

/// Fewer numbers are read one by one; more than the second of these not at once.
constexpr size_t shortest_lot = 4, longest_lot = 32;

template <typename Leaf>
ptrdiff_t fill_numbers(const uint8_t *text, size_t at, size_t end, size_t count, void *destination) {
    auto out = static_cast<typename Leaf::Element *>(destination);
    for (size_t index = 0; index < count;) {
        uint32_t tokens[2 * longest_lot];
        uint64_t words[2 * longest_lot];
        const size_t wanted = std::min(count - index, longest_lot);
        size_t found = wanted < shortest_lot ? 0 : apus::find_numbers(text, at, end, tokens, wanted);
        if (found > 0) {
            if (apus::read_numbers(text, tokens, 2 * found, words) < 2 * found) return -1;
            at = tokens[2 * found - 1];
        } else {
            while (at < end && apus::is_space(text[at])) at++;
            const uint8_t *behind = at < end ? apus::read_list_number(text + at, text + end, words) : nullptr;
            if (behind == nullptr) return -1;
            at = static_cast<size_t>(behind - text);
            while (at < end && apus::is_space(text[at])) at++;
            found = 1;
        }
        if (read_list<Leaf>(words, found, out + index) < found) return -1;
        index += found;
        if (at >= end || text[at] != (index < count ? ',' : ']')) return -1;
        at += 1;
    }
    return static_cast<ptrdiff_t>(at) - 1;
}

using Half = Floating16<apus::half_from_double, apus::half_to_float>;
using Brain = Floating16<apus::bfloat_from_double, apus::bfloat_to_float>;

/// Calls `body` with the reader of that element type.
template <typename Body>
auto with_leaf(uint8_t element_type, Body body) -> decltype(body(Bool{})) {
    switch (element_type) {
    case APUS_BOOL: return body(Bool{});
    case APUS_UINT8: return body(Integer<uint8_t>{});
    case APUS_UINT16: return body(Integer<uint16_t>{});
    case APUS_UINT32: return body(Integer<uint32_t>{});
    case APUS_UINT64: return body(Integer<uint64_t>{});
    case APUS_INT8: return body(Integer<int8_t>{});
    case APUS_INT16: return body(Integer<int16_t>{});
    case APUS_INT32: return body(Integer<int32_t>{});
    case APUS_INT64: return body(Integer<int64_t>{});
    case APUS_FLOAT16: return body(Half{});
    case APUS_BFLOAT16: return body(Brain{});
    case APUS_FLOAT32: return body(Floating<float>{});
    case APUS_FLOAT64: return body(Floating<double>{});
    default: return body(Text{});
    }
}

}  // namespace

size_t apus_json_array_count(apus_json_document document, size_t index) {
    const apus_json_elements elements = apus_json_array(document, index);
    if (elements.document.tape != document.tape) return (elements.end - elements.begin) / 2;
    const size_t noted = (document.tape[index] >> 32) & 0xFFFFFF;
    if (noted < 0xFFFFFF) return noted;
    // The tape's count stops there (simdjson, doc/tape.md): count by walking.
    size_t count = 0;
    for (index += 1; index < elements.end; index = apus_json_after(document.tape, index)) count++;
    return count;
}

size_t apus_json_word_count(apus_json_document document, size_t index) {
    const size_t end = apus_json_after(document.tape, index);
    size_t count = end - index;
    if (document.numbers == nullptr) return count;
    for (; index < end; index++) {
        const uint8_t kind = apus_json_kind(document.tape + index);
        if (kind == APUS_JSON_NUMBERS) count += 2 * document.numbers[document.tape[index] & 0x00FFFFFFFFFFFFFF];
        if (kind == APUS_JSON_DOUBLE || kind == APUS_JSON_INT64 || kind == APUS_JSON_UINT64) index += 1;
    }
    return count;
}

apus_fill apus_json_fill(
    apus_json_document document, size_t index, uint8_t element_type, const ptrdiff_t *dimensions, size_t rank,
    size_t count, void *destination) {
    return with_leaf(element_type, [=](auto leaf) {
        return fill<decltype(leaf)>(document, index, dimensions, rank, count, destination);
    });
}

apus_fill apus_json_fill_one(apus_json_document document, size_t index, uint8_t element_type, void *destination) {
    return with_leaf(element_type, [=](auto leaf) { return fill_one<decltype(leaf)>(document, index, destination); });
}

ptrdiff_t apus_json_fill_numbers(
    const uint8_t *text, size_t byte_count, size_t start, uint8_t element_type, size_t count, void *destination) {
    if (element_type == APUS_STRING || count == 0) return -1;
    return with_leaf(element_type, [=](auto leaf) {
        return fill_numbers<decltype(leaf)>(text, start, byte_count, count, destination);
    });
}
