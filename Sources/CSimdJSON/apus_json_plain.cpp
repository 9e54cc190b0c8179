#include "apus_json_plain.h"

#if defined(__x86_64__)

#include <cmath>
#include <cstring>

#include <immintrin.h>

#include "apus_json_numbers.h"
#include "apus_simdjson.h"

// One file for all processors: these are called where they may be, see `has_avx2`.
#define APUS_AVX2 __attribute__((target("avx2,fma,bmi,bmi2,lzcnt")))
#define APUS_AVX2_INLINE APUS_AVX2 __attribute__((always_inline)) inline

namespace {

constexpr uint64_t double_kind = uint64_t{APUS_JSON_DOUBLE} << 56, integer_kind = uint64_t{APUS_JSON_INT64} << 56;
constexpr uint64_t ten_to_16 = 10000000000000000;

/// A double holds the powers of ten up to this one exactly.
constexpr size_t decimals_limit = 22;

/// By exclusive or with '0' a digit becomes its value. Adding this sets the top bit of all that is none.
constexpr char beyond_digits = 0x80 - 10;
constexpr uint8_t point = '.' ^ '0';

/// A lane has one number, at its end. Its mark is the ordinal in the lane of the number's point, 0 for none, and this
/// when it is negative.
constexpr size_t negative_mark = 32;

struct Tables {
    /// By the mark of a lane of 16 bytes: 10 to the number of decimals, negative for a negative number. The quotient of
    /// two exact doubles is rounded once, to nearest (Clinger, "How to read floating point numbers accurately", 1990).
    double divisors[2 * negative_mark];
    /// By the number of decimals, without the sign.
    double powers[decimals_limit + 1];
    /// From n on: 32 bytes, of which the last n are set.
    uint8_t last[64];
    /// From n on: 32 bytes, of which the last n but one are what a point is when `beyond_digits` was added.
    uint8_t points[64];

    constexpr Tables() : divisors(), powers(), last(), points() {
        double power = 1;
        for (size_t decimals = 0; decimals <= decimals_limit; decimals++) {
            powers[decimals] = power;
            if (decimals < 16) {
                divisors[16 - decimals] = power;
                divisors[negative_mark + 16 - decimals] = -power;
            }
            power *= 10;
        }
        divisors[0] = divisors[negative_mark] = 1;
        for (size_t index = 32; index < 64; index++) {
            last[index] = 0xFF;
            points[index] = index > 32 ? static_cast<uint8_t>(point + beyond_digits) : 0;
        }
    }
};

alignas(64) constexpr Tables tables;

/// Numbers, each in a lane of its own: the values of four digits each, the marks, and faults: top bits of bytes, for
/// what is not plain. Of that a mark has its share: the ordinal of the last place.
struct Lanes { __m256i groups, marks, faults; };

/// Each byte of a lane one place on.
template <size_t Width>
APUS_AVX2_INLINE __m256i moved(__m256i lanes) {
    return Width == 8 ? _mm256_slli_epi64(lanes, 8) : _mm256_slli_si256(lanes, 1);
}

/// - Parameters:
///   - text: lanes of `Width` bytes.
///   - counts: in each byte of a lane, how many bytes the number has: 1 to `Width`.
template <size_t Width>
APUS_AVX2_INLINE Lanes read_lanes(__m256i text, __m256i counts) {
    const __m256i places = Width == 8 ? _mm256_set1_epi64x(0x0706050403020100)
        : _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    const __m256i ordinals = _mm256_add_epi8(places, _mm256_set1_epi8(1));
    const __m256i behind = _mm256_sub_epi8(_mm256_set1_epi8(Width - 1), places);
    const __m256i zero = _mm256_setzero_si256();

    const __m256i starts = _mm256_cmpeq_epi8(counts, _mm256_add_epi8(behind, _mm256_set1_epi8(1)));
    const __m256i minus = _mm256_and_si256(starts, _mm256_cmpeq_epi8(text, _mm256_set1_epi8('-')));
    const __m256i inside = _mm256_andnot_si256(minus, _mm256_cmpgt_epi8(counts, behind));
    __m256i digits = _mm256_and_si256(_mm256_xor_si256(text, _mm256_set1_epi8('0')), inside);
    const __m256i points = _mm256_cmpeq_epi8(digits, _mm256_set1_epi8(point));

    // The sum over a lane. A minus at the end, where nothing follows, counts as a point there.
    const int64_t at_end = int64_t{Width} << 56;
    const __m256i ends = _mm256_setr_epi64x(Width == 8 ? at_end : 0, at_end, Width == 8 ? at_end : 0, at_end);
    const __m256i signs = _mm256_or_si256(_mm256_set1_epi8(negative_mark), ends);
    __m256i marks = _mm256_or_si256(_mm256_and_si256(points, ordinals), _mm256_and_si256(minus, signs));
    marks = _mm256_sad_epu8(marks, zero);
    if (Width == 16) marks = _mm256_add_epi64(marks, _mm256_shuffle_epi32(marks, 0b01001110));

    // What is before the point moves onto it. One byte is gone then, so that of several points one is left.
    const __m256i spread = Width == 8 ? _mm256_setr_epi64x(0, 0x0808080808080808, 0, 0x0808080808080808) : zero;
    const __m256i point_ordinals = _mm256_and_si256(marks, _mm256_set1_epi8(2 * Width - 1));
    const __m256i before = _mm256_cmpgt_epi8(_mm256_shuffle_epi8(point_ordinals, spread), places);
    const __m256i not_first = _mm256_cmpeq_epi8(inside, moved<Width>(inside));
    const __m256i zero_behind = moved<Width>(_mm256_cmpeq_epi8(digits, not_first));
    digits = Width == 16 ? _mm256_shuffle_epi8(digits, _mm256_add_epi8(places, before))
        : _mm256_or_si256(_mm256_andnot_si256(before, digits), _mm256_and_si256(before, moved<Width>(digits)));

    // What is no digit, what is no point behind a zero in front, and a point in front.
    __m256i faults = _mm256_adds_epu8(digits, _mm256_set1_epi8(beyond_digits));
    faults = _mm256_or_si256(faults, _mm256_andnot_si256(points, zero_behind));
    faults = _mm256_or_si256(faults, _mm256_andnot_si256(not_first, points));

    const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(1 << 8 | 10));
    return {_mm256_madd_epi16(pairs, _mm256_set1_epi32(1 << 16 | 100)), marks, faults};
}

/// Joins the halves of each value; the first of them counts `scale`.
APUS_AVX2_INLINE __m256i joined(__m256i halves, int64_t scale) {
    return _mm256_add_epi64(_mm256_mul_epu32(halves, _mm256_set1_epi64x(scale)), _mm256_srli_epi64(halves, 32));
}

APUS_AVX2_INLINE __m256d doubles(__m256i bits) { return _mm256_castsi256_pd(bits); }

/// Puts four numbers. Those of which all bits are set in `integers` are `values`, with the sign that `negative` says;
/// the others are `quotients`.
APUS_AVX2_INLINE void put_four(
    __m256i values, __m256d quotients, __m256i integers, __m256i negative, uint64_t *words) {
    __m256i kinds = _mm256_set1_epi64x(double_kind), bits = _mm256_castpd_si256(quotients);
    if (!_mm256_testz_si256(integers, integers)) {
        values = _mm256_sub_epi64(_mm256_xor_si256(values, negative), negative);
        bits = _mm256_blendv_epi8(bits, values, integers);
        kinds = _mm256_blendv_epi8(kinds, _mm256_set1_epi64x(integer_kind), integers);
    }
    const __m256i even = _mm256_unpacklo_epi64(kinds, bits), odd = _mm256_unpackhi_epi64(kinds, bits);
    const auto out = reinterpret_cast<__m256i *>(words);
    _mm256_storeu_si256(out, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256(out + 1, _mm256_permute2x128_si256(even, odd, 0x31));
}

/// Puts four numbers of up to 16 bytes. Their quotients are exact, as `Tables` says.
/// - Parameter divisors: by mark.
APUS_AVX2_INLINE void put_marked(__m256i values, __m256i marks, const double *divisors, uint64_t *words) {
    // With the exponent of 2^52 those below it are 2^52 too large. Just integers may be above.
    const __m256d magic = _mm256_set1_pd(0x1p52);
    const __m256d wholes = _mm256_sub_pd(_mm256_or_pd(doubles(values), magic), magic);
    const __m256d quotients = _mm256_div_pd(wholes, _mm256_i64gather_pd(divisors, marks, 8));
    const __m256i most = _mm256_set1_epi64x(negative_mark - 1);
    const __m256i integers = _mm256_cmpeq_epi64(_mm256_and_si256(marks, most), _mm256_setzero_si256());
    put_four(values, quotients, integers, _mm256_cmpgt_epi64(marks, most), words);
}

APUS_AVX2_INLINE __m256i load_32(const uint8_t *bytes) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(bytes));
}

APUS_AVX2_INLINE __m256i load_16(const uint8_t *low, const uint8_t *high) {
    return _mm256_loadu2_m128i(reinterpret_cast<const __m128i *>(high), reinterpret_cast<const __m128i *>(low));
}

APUS_AVX2_INLINE __m256i load_8(const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d) {
    const auto at = [](const uint8_t *bytes) { return reinterpret_cast<const double *>(bytes); };
    return _mm256_castpd_si256(
        _mm256_set_m128d(_mm_loadh_pd(_mm_load_sd(at(c)), at(d)), _mm_loadh_pd(_mm_load_sd(at(a)), at(b))));
}

/// The numbers of bytes between eight tokens. What is in the upper half of each has no meaning.
APUS_AVX2_INLINE __m256i counts_of(const uint32_t *tokens) {
    const __m256i places = load_32(reinterpret_cast<const uint8_t *>(tokens));
    return _mm256_sub_epi32(_mm256_srli_epi64(places, 32), places);
}

/// - Parameter limit: a power of two.
template <uint32_t limit>
APUS_AVX2_INLINE bool are_at_most(__m256i counts) {
    const __m256i less_one = _mm256_sub_epi32(counts, _mm256_set1_epi32(1));
    return _mm256_testz_si256(less_one, _mm256_set1_epi64x(uint32_t{0} - limit));
}

/// Reads the numbers of eight tokens; none has more than 8 bytes.
APUS_AVX2_INLINE bool read_four_short(
    const uint8_t *text, const uint32_t *tokens, __m256i counts, uint64_t *words) {
    const uint8_t *lane = text - 8;
    const __m256i spread = _mm256_setr_epi64x(0, 0x0808080808080808, 0, 0x0808080808080808);
    const Lanes lanes = read_lanes<8>(
        load_8(lane + tokens[1], lane + tokens[3], lane + tokens[5], lane + tokens[7]),
        _mm256_shuffle_epi8(counts, spread));
    if (_mm256_movemask_epi8(_mm256_or_si256(lanes.faults, _mm256_slli_epi64(lanes.marks, 4))) != 0) return false;
    put_marked(joined(lanes.groups, 10000), lanes.marks, tables.divisors + 8, words);
    return true;
}

/// Reads the numbers of eight tokens, when none has more than 16 bytes.
APUS_AVX2_INLINE bool read_four(const uint8_t *text, const uint32_t *tokens, uint64_t *words) {
    const __m256i counts = counts_of(tokens);
    if (are_at_most<8>(counts)) return read_four_short(text, tokens, counts, words);
    if (!are_at_most<16>(counts)) return false;
    const uint8_t *lane = text - 16;
    const Lanes even = read_lanes<16>(
        load_16(lane + tokens[1], lane + tokens[5]), _mm256_shuffle_epi8(counts, _mm256_setzero_si256()));
    const Lanes odd = read_lanes<16>(
        load_16(lane + tokens[3], lane + tokens[7]), _mm256_shuffle_epi8(counts, _mm256_set1_epi8(8)));
    const __m256i marks = _mm256_unpacklo_epi64(even.marks, odd.marks);
    const __m256i faults = _mm256_or_si256(even.faults, odd.faults);
    if (_mm256_movemask_epi8(_mm256_or_si256(faults, _mm256_slli_epi64(marks, 3))) != 0) return false;
    const __m256i groups = _mm256_packus_epi32(even.groups, odd.groups);
    const __m256i halves = _mm256_madd_epi16(groups, _mm256_set1_epi32(1 << 16 | 10000));
    put_marked(joined(halves, 100000000), marks, tables.divisors, words);
    return true;
}

/// One number: its digits, how many of them are decimals, and for yes all ones.
struct Number {
    uint64_t value = 0;
    size_t decimals = 0;
    int64_t is_negative = 0, is_integer = 0;
};

/// Reads one number of up to 32 bytes. 33 bytes before its end are readable.
/// - Returns: false for what is not plain.
APUS_AVX2_INLINE bool read_digits(const uint8_t *text, const uint8_t *end, Number *number) {
    const bool is_negative = *text == '-';
    text += is_negative;
    const auto count = static_cast<size_t>(end - text);
    if (count - 1 >= 32) return false;
    uint16_t front;
    std::memcpy(&front, text, sizeof front);
    if ((front & 0xF0FF) == 0x3030) return false;  // a zero, and behind it what is like a digit

    const __m256i zeros = _mm256_set1_epi8('0');
    const __m256i digits = _mm256_and_si256(_mm256_xor_si256(load_32(end - 32), zeros), load_32(tables.last + count));
    const __m256i tested = _mm256_adds_epu8(digits, _mm256_set1_epi8(beyond_digits));
    const auto others = static_cast<uint32_t>(_mm256_movemask_epi8(tested));
    const __m256i points = _mm256_cmpeq_epi8(tested, load_32(tables.points + count));
    // All that is no digit is a point where one may be, not at the end, and one at most.
    if (others != static_cast<uint32_t>(_mm256_movemask_epi8(points))) return false;
    if ((others & ((others - 1) | 0x80000000)) != 0) return false;

    const size_t decimals = _lzcnt_u32(others);  // 32 when there is no point
    const __m256i shifted = _mm256_xor_si256(load_32(end - 33), zeros);
    const __m256i before = _mm256_and_si256(shifted, load_32(tables.last + count - 1));
    const __m256i behind = load_32(tables.last + decimals);
    const __m256i without = _mm256_or_si256(_mm256_and_si256(behind, digits), _mm256_andnot_si256(behind, before));
    const __m256i pairs = _mm256_maddubs_epi16(without, _mm256_set1_epi16(1 << 8 | 10));
    __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(1 << 16 | 100));
    groups = _mm256_madd_epi16(_mm256_packus_epi32(groups, groups), _mm256_set1_epi32(1 << 16 | 10000));
    const __m256i sixteens = joined(groups, 100000000);
    const auto upper = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm256_castsi256_si128(sixteens)));
    const auto lower = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm256_extracti128_si256(sixteens, 1)));
    const bool is_integer = decimals == 32;
    *number = {upper * ten_to_16 + lower, is_integer ? 0 : decimals, -int64_t{is_negative}, -int64_t{is_integer}};
    return upper < 1000 && (is_integer ? count <= 18 : decimals <= decimals_limit);
}

/// Divides, rounded to nearest. All bits are set in `faults` where that is not certain: near to the middle between two
/// doubles.
///
/// - Parameters:
///   - values: unsigned.
///   - powers: of ten, and exact.
APUS_AVX2_INLINE __m256d divide(__m256i values, __m256d powers, __m256d *faults) {
    // The halves of a value are exact, and so is what their rounded sum lacks (Dekker, "A floating-point technique for
    // extending the available precision", 1971).
    const __m256d high_magic = _mm256_set1_pd(0x1p84), low_magic = _mm256_set1_pd(0x1p52);
    const __m256d high = _mm256_sub_pd(_mm256_or_pd(doubles(_mm256_srli_epi64(values, 32)), high_magic), high_magic);
    const __m256i lows = _mm256_and_si256(values, _mm256_set1_epi64x(0xFFFFFFFF));
    const __m256d low = _mm256_sub_pd(_mm256_or_pd(doubles(lows), low_magic), low_magic);
    const __m256d sum = _mm256_add_pd(high, low), lack = _mm256_sub_pd(low, _mm256_sub_pd(sum, high));
    // So is what the first quotient leaves. The second one is less than two units in the first one's last place, and
    // off by less than 2^-50 of them.
    const __m256d first = _mm256_div_pd(sum, powers);
    const __m256d rest = _mm256_add_pd(_mm256_fnmadd_pd(first, powers, sum), lack);
    const __m256d second = _mm256_div_pd(rest, powers);
    const __m256d quotient = _mm256_add_pd(first, second);
    // How far the sum of both is from the quotient. When a little more would not change that, neither does the truth
    // (Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded last bit", 1991).
    const __m256d off = _mm256_sub_pd(second, _mm256_sub_pd(quotient, first));
    const __m256d more = _mm256_mul_pd(off, _mm256_set1_pd(1 + 0x1p-30));
    *faults = _mm256_cmp_pd(_mm256_add_pd(quotient, more), quotient, _CMP_NEQ_UQ);
    return quotient;
}

/// Puts four numbers.
/// - Returns: a bit for each that is not certain.
APUS_AVX2_INLINE unsigned put_quotients(
    const Number &a, const Number &b, const Number &c, const Number &d, uint64_t *words) {
    const __m256i values = _mm256_setr_epi64x(a.value, b.value, c.value, d.value);
    const __m256i negative = _mm256_setr_epi64x(a.is_negative, b.is_negative, c.is_negative, d.is_negative);
    const __m256i integers = _mm256_setr_epi64x(a.is_integer, b.is_integer, c.is_integer, d.is_integer);
    const double *powers = tables.powers;
    __m256d faults;
    const __m256d quotients = divide(
        values, _mm256_setr_pd(powers[a.decimals], powers[b.decimals], powers[c.decimals], powers[d.decimals]),
        &faults);
    put_four(values, _mm256_or_pd(quotients, doubles(_mm256_slli_epi64(negative, 63))), integers, negative, words);
    return static_cast<unsigned>(_mm256_movemask_pd(_mm256_andnot_pd(doubles(integers), faults)));
}

APUS_AVX2_INLINE bool read_digits(const uint8_t *text, const uint32_t *tokens, Number *number) {
    return read_digits(text + tokens[0], text + tokens[1], number);
}

/// Reads the numbers of eight tokens, when one has more than 16 bytes.
APUS_AVX2_INLINE bool read_four_long(const uint8_t *text, const uint32_t *tokens, uint64_t *words) {
    Number a, b, c, d;
    if (are_at_most<16>(counts_of(tokens))) return false;
    return read_digits(text, tokens, &a) && read_digits(text, tokens + 2, &b) && read_digits(text, tokens + 4, &c)
        && read_digits(text, tokens + 6, &d) && put_quotients(a, b, c, d, words) == 0;
}

/// Reads up to four numbers from the front of those of `count` tokens, of which two or more are left.
/// - Returns: how many tokens were read.
APUS_AVX2 size_t read_some(const uint8_t *text, const uint32_t *tokens, size_t count, uint64_t *words) {
    Number numbers[4];
    size_t read = 0;
    for (bool has_comma = true; has_comma && read < 8 && read + 2 <= count; read += 2) {
        if (!read_digits(text, tokens + read, numbers + read / 2)) break;
        has_comma = text[tokens[read + 1]] == ',';
    }
    if (read == 0) return 0;
    uint64_t results[8];
    const unsigned faults = put_quotients(numbers[0], numbers[1], numbers[2], numbers[3], results);
    if (faults != 0 && 2 * _tzcnt_u32(faults) < read) read = 2 * _tzcnt_u32(faults);
    std::memcpy(words, results, read * sizeof *words);
    return read;
}

/// Reads four numbers at once as long as `read` can and each but the last has a comma behind it.
/// - Returns: how many tokens were read.
template <bool (*read)(const uint8_t *, const uint32_t *, uint64_t *)>
APUS_AVX2 __attribute__((noinline)) size_t read_fours(
    const uint8_t *text, const uint32_t *tokens, size_t count, uint64_t *words) {
    size_t next = 0;
    while (next + 8 <= count) {
        const uint32_t *four = tokens + next;
        if (text[four[1]] != ',' || text[four[3]] != ',' || text[four[5]] != ',') break;
        if (!read(text, four, words + next)) break;
        next += 8;
        if (text[four[7]] != ',') break;
    }
    return next;
}

/// `apus::read_plain_numbers`.
APUS_AVX2 size_t read_tokens(const uint8_t *text, const uint32_t *tokens, size_t count, uint64_t *words) {
    if (count < 2 || tokens[1] < 33) return 0;
    size_t next = 0, read;
    do {
        const size_t start = next;
        next += read_fours<read_four>(text, tokens + next, count - next, words + next);
        if (next + 2 > count || (next > 0 && text[tokens[next - 1]] != ',')) break;
        read = read_fours<read_four_long>(text, tokens + next, count - next, words + next);
        next += read;
        if (next + 2 > count || (read > 0 && text[tokens[next - 1]] != ',')) break;
        if (next > start) continue;
        read = read_some(text, tokens + next, count - next, words + next);
        next += read;
        if (read == 0) break;
    } while (next + 2 <= count && text[tokens[next - 1]] == ',');
    return next;
}

/// `apus::find_numbers`.
APUS_AVX2 size_t find_separators(
    const uint8_t *text, size_t start, size_t end, uint32_t *tokens, size_t count) {
    size_t found = 0;
    for (size_t block = start; block < end; block += 32) {
        const __m256i bytes = load_32(text + block);
        const __m256i separators = _mm256_or_si256(
            _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(',')), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(']')));
        auto bits = static_cast<uint32_t>(_mm256_movemask_epi8(separators));
        for (; bits != 0; bits = _blsr_u32(bits), found++) {
            const size_t place = block + _tzcnt_u32(bits);
            if (found == count || place >= end) return found;
            while (apus::is_space(text[start])) start++;
            tokens[2 * found] = static_cast<uint32_t>(start);
            tokens[2 * found + 1] = static_cast<uint32_t>(place);
            start = place + 1;
        }
    }
    return found;
}

/// Narrows four numbers.
/// - Returns: false when one is infinite then, or is an integer beyond 2^51.
APUS_AVX2_INLINE bool narrow_four(const uint64_t *words, float *floats) {
    const auto bytes = reinterpret_cast<const uint8_t *>(words);
    const __m256i front = load_32(bytes), back = load_32(bytes + 32);
    __m256i values = _mm256_unpackhi_epi64(front, back);
    const __m256i integers = _mm256_cmpeq_epi64(_mm256_unpacklo_epi64(front, back), _mm256_set1_epi64x(integer_kind));
    if (!_mm256_testz_si256(integers, integers)) {
        const __m256i limit = _mm256_set1_epi64x(int64_t{1} << 51);
        const __m256i beyond = _mm256_srli_epi64(_mm256_add_epi64(values, limit), 52);
        if (!_mm256_testz_si256(integers, beyond)) return false;
        // What is added to the bits of 1.5 * 2^52 is added to its value.
        const __m256d magic = _mm256_set1_pd(0x1.8p52);
        const __m256d converted = _mm256_sub_pd(doubles(_mm256_add_epi64(values, _mm256_castpd_si256(magic))), magic);
        values = _mm256_blendv_epi8(values, _mm256_castpd_si256(converted), integers);
    }
    const __m128 mixed = _mm256_cvtpd_ps(doubles(values));
    const __m128 narrowed = _mm_shuffle_ps(mixed, mixed, _MM_SHUFFLE(3, 1, 2, 0));
    _mm_storeu_ps(floats, narrowed);
    const __m128 magnitudes = _mm_andnot_ps(_mm_set1_ps(-0.0f), narrowed);
    return _mm_movemask_ps(_mm_cmpeq_ps(magnitudes, _mm_set1_ps(HUGE_VALF))) == 0;
}

APUS_AVX2 size_t narrow(const uint64_t *words, size_t count, float *floats) {
    size_t narrowed = 0;
    while (narrowed + 4 <= count && narrow_four(words + 2 * narrowed, floats + narrowed)) narrowed += 4;
    return narrowed;
}

bool has_avx2() {
    static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt");
    return has;
}

}  // namespace

namespace apus {

size_t read_plain_numbers(const uint8_t *text, const uint32_t *tokens, size_t count, uint64_t *words) {
    return has_avx2() ? read_tokens(text, tokens, count, words) : 0;
}

size_t narrow_numbers(const uint64_t *words, size_t count, float *floats) {
    return has_avx2() ? narrow(words, count, floats) : 0;
}

size_t find_numbers(const uint8_t *text, size_t start, size_t end, uint32_t *tokens, size_t count) {
    return has_avx2() && end <= UINT32_MAX ? find_separators(text, start, end, tokens, count) : 0;
}

}  // namespace apus

#else

namespace apus {

size_t read_plain_numbers(const uint8_t *, const uint32_t *, size_t, uint64_t *) { return 0; }

size_t find_numbers(const uint8_t *, size_t, size_t, uint32_t *, size_t) { return 0; }

size_t narrow_numbers(const uint64_t *, size_t, float *) { return 0; }

}  // namespace apus

#endif
