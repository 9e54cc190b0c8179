#include "apus_simdjson.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include <simdjson.h>

#include "apus_json_float16.h"

namespace {

enum class Reading { ok, not_a_number, out_of_range };

bool same(const char *text, size_t count, const char *word) {
    return std::strlen(word) == count && std::memcmp(text, word, count) == 0;
}

/// What pandas' `read_csv` takes for a missing value, as far as nothing else is meant by it.
bool is_missing(const char *text, size_t count) {
    for (const char *word : {"", "NaN", "nan", "NA", "N/A", "null", "NULL", "None"}) {
        if (same(text, count, word)) return true;
    }
    return false;
}

/// A decimal number; a plus sign may stand before it.
Reading read_double(const char *text, size_t count, double *out) {
    if (is_missing(text, count)) {
        *out = std::numeric_limits<double>::quiet_NaN();
        return Reading::ok;
    }
    const char *end = text + count;
    if (count > 1 && *text == '+' && text[1] != '-') text++;
    // from_chars also takes "inf", "infinity" and "nan(…)", in any case; only the first two are wanted.
    if (count > 2 && std::memchr(text, '(', end - text)) return Reading::not_a_number;
    const auto result = std::from_chars(text, end, *out);
    if (result.ec == std::errc::result_out_of_range) return Reading::out_of_range;
    return result.ec == std::errc() && result.ptr == end ? Reading::ok : Reading::not_a_number;
}

template <typename T>
Reading read_integer(const char *text, size_t count, T *out) {
    const char *end = text + count;
    const char *start = count > 1 && *text == '+' && text[1] != '-' ? text + 1 : text;
    const auto result = std::from_chars(start, end, *out);
    if (result.ec == std::errc::result_out_of_range) return Reading::out_of_range;
    if (result.ec == std::errc() && result.ptr == end) return Reading::ok;
    // "3.0" is 3: pandas writes columns of integers so when a value in them is missing. Only where a double has every
    // integer.
    double value;
    if (count == 0 || read_double(text, count, &value) != Reading::ok || std::isnan(value)) {
        return Reading::not_a_number;
    }
    if (std::trunc(value) != value || std::fabs(value) > 9007199254740992.0) return Reading::out_of_range;
    if (value < static_cast<double>(std::numeric_limits<T>::min())
        || value > static_cast<double>(std::numeric_limits<T>::max())) {
        return Reading::out_of_range;
    }
    *out = static_cast<T>(value);
    return Reading::ok;
}

Reading read_bool(const char *text, size_t count, uint8_t *out) {
    for (const char *word : {"1", "true", "True", "TRUE"}) {
        if (same(text, count, word)) {
            *out = 1;
            return Reading::ok;
        }
    }
    for (const char *word : {"0", "false", "False", "FALSE"}) {
        if (same(text, count, word)) {
            *out = 0;
            return Reading::ok;
        }
    }
    return Reading::not_a_number;
}

template <typename T>
Reading read_floating(const char *text, size_t count, T *out) {
    double value;
    const Reading reading = read_double(text, count, &value);
    if (reading != Reading::ok) return reading;
    *out = static_cast<T>(value);
    return std::isinf(*out) && !std::isinf(value) ? Reading::out_of_range : Reading::ok;
}

template <uint16_t (*Narrow)(double), float (*Widen)(uint16_t)>
Reading read_floating16(const char *text, size_t count, uint16_t *out) {
    double value;
    const Reading reading = read_double(text, count, &value);
    if (reading != Reading::ok) return reading;
    *out = Narrow(value);
    return std::isinf(Widen(*out)) && !std::isinf(value) ? Reading::out_of_range : Reading::ok;
}

template <typename T>
Reading integer(const char *text, size_t count, void *out) {
    return read_integer(text, count, static_cast<T *>(out));
}

}  // namespace

apus_fill apus_text_fill_one(const uint8_t *bytes, size_t count, uint8_t element_type, void *out) {
    const char *text = reinterpret_cast<const char *>(bytes);
    while (count > 0 && (text[0] == ' ' || text[0] == '\t')) {
        text++;
        count--;
    }
    while (count > 0 && (text[count - 1] == ' ' || text[count - 1] == '\t')) count--;
    Reading reading;
    switch (element_type) {
    case APUS_BOOL: reading = read_bool(text, count, static_cast<uint8_t *>(out)); break;
    case APUS_UINT8: reading = integer<uint8_t>(text, count, out); break;
    case APUS_UINT16: reading = integer<uint16_t>(text, count, out); break;
    case APUS_UINT32: reading = integer<uint32_t>(text, count, out); break;
    case APUS_UINT64: reading = integer<uint64_t>(text, count, out); break;
    case APUS_INT8: reading = integer<int8_t>(text, count, out); break;
    case APUS_INT16: reading = integer<int16_t>(text, count, out); break;
    case APUS_INT32: reading = integer<int32_t>(text, count, out); break;
    case APUS_INT64: reading = integer<int64_t>(text, count, out); break;
    case APUS_FLOAT16:
        reading = read_floating16<apus::half_from_double, apus::half_to_float>(text, count, static_cast<uint16_t *>(out));
        break;
    case APUS_BFLOAT16:
        reading = read_floating16<apus::bfloat_from_double, apus::bfloat_to_float>(
            text, count, static_cast<uint16_t *>(out));
        break;
    case APUS_FLOAT32: reading = read_floating(text, count, static_cast<float *>(out)); break;
    case APUS_FLOAT64: reading = read_floating(text, count, static_cast<double *>(out)); break;
    default: return {APUS_FILL_BAD_LEAF, APUS_FOUND_STRING, 0};
    }
    if (reading == Reading::ok) return {APUS_FILL_OK, APUS_FOUND_NULL, 1};
    return {APUS_FILL_BAD_LEAF, reading == Reading::out_of_range ? APUS_FOUND_FRACTION : APUS_FOUND_STRING, 0};
}

bool apus_text_is_utf8(const uint8_t *text, size_t count) {
    return simdjson::validate_utf8(reinterpret_cast<const char *>(text), count);
}
