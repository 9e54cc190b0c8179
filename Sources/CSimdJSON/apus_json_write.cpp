#include "apus_simdjson.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "apus_json_float16.h"

namespace {

uint8_t *put(uint8_t *out, const char *text) {
    const size_t count = std::strlen(text);
    std::memcpy(out, text, count);
    return out + count;
}

template <typename T>
T load(const void *elements, size_t index) {
    T value;
    std::memcpy(&value, static_cast<const uint8_t *>(elements) + index * sizeof(T), sizeof value);
    return value;
}

template <typename T>
uint8_t *integer(uint8_t *out, T value) {
    char *start = reinterpret_cast<char *>(out);
    return reinterpret_cast<uint8_t *>(std::to_chars(start, start + APUS_JSON_NUMBER_LIMIT, value).ptr);
}

/// ".0" behind digits that would read as an integer.
uint8_t *marked(uint8_t *start, uint8_t *end) {
    for (const uint8_t *at = start; at < end; at++) {
        if (*at == '.' || *at == 'e') return end;
    }
    return put(end, ".0");
}

template <typename T>
uint8_t *shortest(uint8_t *out, T value) {
    char *start = reinterpret_cast<char *>(out);
    char *end = std::to_chars(start, start + APUS_JSON_NUMBER_LIMIT, value).ptr;
    return marked(out, reinterpret_cast<uint8_t *>(end));
}

/// The fewest digits that read back as the same 16 bits; 5 always do.
template <float (*Widen)(uint16_t), uint16_t (*Narrow)(double)>
uint8_t *shortest16(uint8_t *out, uint16_t value) {
    const float wide = Widen(value);
    char *start = reinterpret_cast<char *>(out), *end = start;
    for (int precision = 1; precision <= 5; precision++) {
        end = std::to_chars(start, start + APUS_JSON_NUMBER_LIMIT, wide, std::chars_format::general, precision).ptr;
        double back = 0;
        std::from_chars(start, end, back);
        if (Narrow(back) == value) break;
    }
    return marked(out, reinterpret_cast<uint8_t *>(end));
}

const char *nonfinite(double value, apus_nonfinite policy) {
    if (policy == APUS_NONFINITE_NULL) return "null";
    return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

/// Elements one after the other. `widen` gives a double to look at, `one` writes a finite element.
template <typename T, typename Widen, typename One>
size_t floating(uint8_t *out, const void *elements, size_t count, apus_nonfinite policy, Widen widen, One one) {
    uint8_t *at = out;
    for (size_t index = 0; index < count; index++) {
        if (index > 0) *at++ = ',';
        const T value = load<T>(elements, index);
        const double wide = widen(value);
        if (std::isfinite(wide)) {
            at = one(at, value);
        } else if (policy == APUS_NONFINITE_REFUSE) {
            return SIZE_MAX;
        } else {
            at = put(at, nonfinite(wide, policy));
        }
    }
    return at - out;
}

template <typename T>
size_t integers(uint8_t *out, const void *elements, size_t count) {
    uint8_t *at = out;
    for (size_t index = 0; index < count; index++) {
        if (index > 0) *at++ = ',';
        at = integer(at, load<T>(elements, index));
    }
    return at - out;
}

size_t bools(uint8_t *out, const uint8_t *elements, size_t count) {
    uint8_t *at = out;
    for (size_t index = 0; index < count; index++) {
        if (index > 0) *at++ = ',';
        at = put(at, elements[index] ? "true" : "false");
    }
    return at - out;
}

/// The length of the UTF-8 sequence at the front, or minus the length of the maximal part of one that is
/// ill-formed (Unicode 15, table 3-7 and "U+FFFD Substitution of Maximal Subparts").
int sequence(const uint8_t *text, size_t count) {
    const uint8_t first = text[0];
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return -1;
    const int length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    const uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    for (int at = 1; at < length; at++) {
        if (static_cast<size_t>(at) == count) return -at;
        const bool fits = at == 1 ? text[at] >= low && text[at] <= high : (text[at] & 0xC0) == 0x80;
        if (!fits) return -at;
    }
    return length;
}

uint8_t *escaped(uint8_t *out, uint8_t byte) {
    *out++ = '\\';
    switch (byte) {
    case '"':
    case '\\': *out++ = byte; return out;
    case '\n': *out++ = 'n'; return out;
    case '\r': *out++ = 'r'; return out;
    case '\t': *out++ = 't'; return out;
    default: break;
    }
    out = put(out, "u00");
    *out++ = "0123456789abcdef"[byte >> 4];
    *out++ = "0123456789abcdef"[byte & 15];
    return out;
}

}  // namespace

size_t apus_json_write_numbers(
    uint8_t *out, uint8_t element_type, const void *elements, size_t count, apus_nonfinite policy) {
    switch (element_type) {
    case APUS_BOOL: return bools(out, static_cast<const uint8_t *>(elements), count);
    case APUS_UINT8: return integers<uint8_t>(out, elements, count);
    case APUS_UINT16: return integers<uint16_t>(out, elements, count);
    case APUS_UINT32: return integers<uint32_t>(out, elements, count);
    case APUS_UINT64: return integers<uint64_t>(out, elements, count);
    case APUS_INT8: return integers<int8_t>(out, elements, count);
    case APUS_INT16: return integers<int16_t>(out, elements, count);
    case APUS_INT32: return integers<int32_t>(out, elements, count);
    case APUS_INT64: return integers<int64_t>(out, elements, count);
    case APUS_FLOAT16:
        return floating<uint16_t>(
            out, elements, count, policy, apus::half_to_float,
            shortest16<apus::half_to_float, apus::half_from_double>);
    case APUS_BFLOAT16:
        return floating<uint16_t>(
            out, elements, count, policy, apus::bfloat_to_float,
            shortest16<apus::bfloat_to_float, apus::bfloat_from_double>);
    case APUS_FLOAT32:
        return floating<float>(out, elements, count, policy, [](float value) { return value; }, shortest<float>);
    case APUS_FLOAT64:
        return floating<double>(out, elements, count, policy, [](double value) { return value; }, shortest<double>);
    default: return 0;
    }
}

size_t apus_json_write_string(uint8_t *out, const uint8_t *text, size_t count) {
    uint8_t *at = out;
    *at++ = '"';
    for (size_t index = 0; index < count;) {
        const uint8_t byte = text[index];
        if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
            *at++ = byte;
            index += 1;
        } else if (byte < 0x80) {
            at = escaped(at, byte);
            index += 1;
        } else {
            const int length = sequence(text + index, count - index);
            if (length > 0) std::memcpy(at, text + index, length);
            at = length > 0 ? at + length : put(at, "\xEF\xBF\xBD");
            index += length > 0 ? length : -length;
        }
    }
    *at++ = '"';
    return at - out;
}
