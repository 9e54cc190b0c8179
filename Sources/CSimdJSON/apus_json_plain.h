#ifndef APUS_JSON_PLAIN_H
#define APUS_JSON_PLAIN_H

#include <cstddef>
#include <cstdint>

/// Plain numbers, read without a branch for each digit or for each length: at most 32 bytes, no exponent, and digits
/// enough for a 64-bit integer. They are most of what tensors are made of.
///
/// Needs AVX2: without it nothing is plain. What is not plain is for `read_number` to say; what is, is read to the very
/// same words (apus_json_numbers.h).
namespace apus {

/// Reads numbers from the front of a list while they are plain and have a comma behind them, and the one behind which
/// there is none. `tokens` is, for each number, the place in `text` where it begins and the place of its separator.
///
/// - Parameter words: two for each number, and so for each two of the `count` tokens.
/// - Returns: how many tokens were read.
size_t read_plain_numbers(const uint8_t *text, const uint32_t *tokens, size_t count, uint64_t *words);

/// Notes as tokens where the next numbers of the list that goes on at `text[start]` begin and have their separators: a
/// comma or a bracket before `end`. What is between may be anything but these and white space in front. 64 bytes behind
/// `end` may be read.
///
/// - Returns: how many numbers, at most `count`; there are two tokens for each.
size_t find_numbers(const uint8_t *text, size_t start, size_t end, uint32_t *tokens, size_t count);

/// Narrows the numbers of a list, two words for each, as long as none is infinite then.
/// - Returns: how many it has narrowed from the front. There may be more that can be.
size_t narrow_numbers(const uint64_t *words, size_t count, float *floats);

}  // namespace apus

#endif
