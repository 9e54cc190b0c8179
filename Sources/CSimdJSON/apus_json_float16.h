#ifndef APUS_JSON_FLOAT16_H
#define APUS_JSON_FLOAT16_H

#include <cmath>
#include <cstdint>
#include <cstring>

/// The two 16-bit floating point types, by their bits: no compiler support is assumed.
namespace apus {

inline uint32_t bits(float value) {
    uint32_t word;
    std::memcpy(&word, &value, sizeof word);
    return word;
}

inline float from_bits(uint32_t word) {
    float value;
    std::memcpy(&value, &word, sizeof value);
    return value;
}

inline float half_to_float(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
    const uint32_t exponent = (half >> 10) & 0x1F, fraction = half & 0x3FF;
    if (exponent == 0x1F) return from_bits(sign | 0x7F800000 | fraction << 13);
    if (exponent != 0) return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign ? -magnitude : magnitude;
}

/// The nearest half, ties to even; infinite from 65520 on.
inline uint16_t half_from_double(double value) {
    const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    if (std::isnan(value)) return 0x7E00;
    const double magnitude = std::fabs(value);
    if (magnitude >= 65520) return sign | 0x7C00;
    int exponent = 0;
    std::frexp(magnitude, &exponent);
    // The distance of neighbours is 2^(e - 11), and 2^-24 for subnormal ones.
    const int step = magnitude == 0 || exponent - 11 < -24 ? -24 : exponent - 11;
    const auto units = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, -step)));
    // Units of a normal number start at 2^10, which is what carries into the exponent field.
    return sign | static_cast<uint16_t>(units + (static_cast<uint32_t>(step + 24) << 10));
}

inline float bfloat_to_float(uint16_t value) { return from_bits(static_cast<uint32_t>(value) << 16); }

/// The nearest bfloat16, ties to even.
inline uint16_t bfloat_from_double(double value) {
    if (std::isnan(value)) return 0x7FC0;
    const float narrow = static_cast<float>(value);
    uint32_t word = bits(narrow);
    // Rounding twice must not turn a near tie into a tie: push the float off the tie towards the value.
    if ((word & 0xFFFF) == 0x8000 && static_cast<double>(narrow) != value) {
        word += std::fabs(value) > std::fabs(static_cast<double>(narrow)) ? 1 : -1;
    }
    return static_cast<uint16_t>((word + 0x7FFF + ((word >> 16) & 1)) >> 16);
}

}  // namespace apus

#endif
