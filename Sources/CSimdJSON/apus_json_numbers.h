#ifndef APUS_JSON_NUMBERS_H
#define APUS_JSON_NUMBERS_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <simdjson.h>

namespace apus {

/// Lists of numbers, taken from a text before simdjson's second stage sees them.
///
/// Most of a tensor's text is one long list of numbers. simdjson's first stage says where each token begins, so
/// where a number ends is known before it is read, and short decimals are read without a branch for each digit.
/// A list that is taken is cut out of the tokens: the second stage finds an empty list in its place, and `link`
/// notes there where the numbers are. What is not plainly a list of numbers stays as it is, so that what a text
/// is refused for is simdjson's alone to say.
///
/// The numbers lie as on simdjson's tape (simdjson, doc/tape.md): a list is a word with the number of its
/// elements, then two words for each.
class NumberLists {
public:
    /// Cuts the lists out of the tokens that stage 1 found in `text`.
    /// - Throws: `std::bad_alloc`.
    void take(const uint8_t *text, simdjson::internal::dom_parser_implementation &tokens, size_t depth_limit);

    /// Notes beside each list that was cut where it is now. `tape` is what stage 2 made of the tokens left.
    void link(uint64_t *tape) const;

    /// Forgets everything and keeps the memory.
    void clear();

    /// Null when no list was taken.
    const uint64_t *words() const { return places.empty() ? nullptr : memory.get(); }

private:
    /// One list: the how manieth of the text's lists it is, and its first word in `memory`.
    struct Place { size_t ordinal, offset; };

    size_t read_list(const uint8_t *text, const uint32_t *tokens, size_t count);
    void reserve(size_t token_count);

    std::unique_ptr<uint64_t[]> memory;
    size_t capacity = 0, used = 0;
    std::vector<Place> places;
};

/// White space of RFC 8259.
inline bool is_space(uint8_t byte) {
    return byte <= ' ' && (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t');
}

/// Reads numbers from the front of a list while they have commas behind them, and the one behind which there is
/// another separator. `tokens` is, for each number, the place in `text` where it begins and the place of its separator.
///
/// - Parameter words: two for each number, and so for each two of the `count` tokens.
/// - Returns: how many tokens were read, all or those before what is no number.
size_t read_numbers(const uint8_t *text, const uint32_t *tokens, size_t count, uint64_t *words);

/// Reads the JSON number `text ..< end` into the two words that stand for it on a tape. 64 bytes behind it are
/// readable.
///
/// - Returns: false for what is no number, and for one that simdjson has to judge: an integer of more than
///   18 digits, a number beyond a double's range.
bool read_number(const uint8_t *text, const uint8_t *end, uint64_t *words);

/// The same for a number that ends somewhere before `limit`.
///
/// - Returns: where the number ends, whatever stands there; null for what is none.
const uint8_t *read_number_at(const uint8_t *text, const uint8_t *limit, uint64_t *words);

/// The same, quicker for a short decimal with a comma, a bracket or a space behind it.
const uint8_t *read_list_number(const uint8_t *text, const uint8_t *limit, uint64_t *words);

}  // namespace apus

#endif
