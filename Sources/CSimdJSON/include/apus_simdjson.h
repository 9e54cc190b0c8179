#ifndef APUS_SIMDJSON_H
#define APUS_SIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* JSON in and out, in C terms, over simdjson 3.0.1 and the C++ library's number formatting.
   Nothing here keeps a pointer of the caller's after it returns. One thread per parser. */

/* ---- Parsing -------------------------------------------------------------------------------- */

/* Containers inside containers beyond this are refused. */
#define APUS_JSON_DEPTH_LIMIT 64

/* Bytes that must be readable behind a text (SIMDJSON_PADDING); their content does not matter. */
#define APUS_JSON_PADDING 64

typedef enum {
    APUS_JSON_OK = 0,
    APUS_JSON_EMPTY,
    APUS_JSON_TOO_LARGE,
    APUS_JSON_TOO_DEEP,
    APUS_JSON_NOT_UTF8,
    APUS_JSON_BAD_STRING,
    /* Not a number of RFC 8259, or one beyond 64-bit floating point, such as 1e400. */
    APUS_JSON_BAD_NUMBER,
    APUS_JSON_BAD_SYNTAX,
    APUS_JSON_NO_MEMORY
} apus_json_status;

typedef struct apus_json_parser apus_json_parser;

/* A parsed text: simdjson's tape (simdjson, doc/tape.md). Valid until the parser's next parse,
   shrink or release. The root value is at index 1. */
typedef struct {
    const uint64_t *tape;
    const uint8_t *strings;
    /* Lists of numbers that are not on the tape; null when there are none. */
    const uint64_t *numbers;
} apus_json_document;

/* Null when there is no memory. `capacity_limit` is the longest text it will take, in bytes. */
apus_json_parser *apus_json_parser_create(size_t capacity_limit);
void apus_json_parser_destroy(apus_json_parser *parser);

/* Parses `count` bytes in place. Accepts what Python's json module and RapidJSON write beyond
   RFC 8259: the tokens NaN, Infinity and -Infinity, and integers of more than 64 bits; each of them
   is a double on the tape. */
apus_json_status apus_json_parse(
    apus_json_parser *parser, const uint8_t *text, size_t count, apus_json_document *document);

/* Gives memory back when the parser grew beyond `capacity` bytes of text. */
void apus_json_parser_shrink(apus_json_parser *parser, size_t capacity);

/* ---- Reading the tape ----------------------------------------------------------------------- */

/* What a word of the tape is. */
enum {
    APUS_JSON_OBJECT = '{',
    APUS_JSON_OBJECT_END = '}',
    APUS_JSON_ARRAY = '[',
    APUS_JSON_ARRAY_END = ']',
    APUS_JSON_STRING = '"',
    APUS_JSON_INT64 = 'l',
    APUS_JSON_UINT64 = 'u',
    APUS_JSON_DOUBLE = 'd',
    APUS_JSON_TRUE = 't',
    APUS_JSON_FALSE = 'f',
    APUS_JSON_NULL = 'n',
    /* In place of ARRAY_END: the array's elements are numbers, and lie in `numbers`. */
    APUS_JSON_NUMBERS = '#'
};

static inline uint8_t apus_json_kind(const uint64_t *word) { return (uint8_t)(*word >> 56); }

/* The index just behind the value at `index`. */
static inline size_t apus_json_after(const uint64_t *tape, size_t index) {
    switch (tape[index] >> 56) {
    case APUS_JSON_OBJECT:
    case APUS_JSON_ARRAY: return (uint32_t)tape[index];
    case APUS_JSON_INT64:
    case APUS_JSON_UINT64:
    case APUS_JSON_DOUBLE: return index + 2;
    default: return index + 1;
    }
}

/* The elements of an array, from `begin` to before `end`; `document` is the one that they are read in. */
typedef struct {
    apus_json_document document;
    size_t begin;
    size_t end;
} apus_json_elements;

static inline apus_json_elements apus_json_array(apus_json_document document, size_t index) {
    apus_json_elements elements = {document, index + 1, apus_json_after(document.tape, index) - 1};
    const uint64_t next = document.tape[index + 1];
    if (next >> 56 == APUS_JSON_NUMBERS) {
        /* A word with their number, then two words for each. */
        const size_t start = next & 0x00FFFFFFFFFFFFFF;
        elements.document.tape = document.numbers;
        elements.begin = start + 1;
        elements.end = start + 1 + 2 * document.numbers[start];
    }
    return elements;
}

/* ---- Whole arrays --------------------------------------------------------------------------- */

/* The element types of ApusWire's ElementType, by its raw values. */
enum {
    APUS_BOOL, APUS_UINT8, APUS_UINT16, APUS_UINT32, APUS_UINT64,
    APUS_INT8, APUS_INT16, APUS_INT32, APUS_INT64,
    APUS_FLOAT16, APUS_BFLOAT16, APUS_FLOAT32, APUS_FLOAT64, APUS_STRING
};

typedef enum {
    APUS_FILL_OK = 0,
    /* A leaf that the element type cannot hold: `position` is its index, `found` what it is. */
    APUS_FILL_BAD_LEAF,
    /* Another number of leaves: `position` is how many there are. */
    APUS_FILL_BAD_COUNT,
    /* Nested, but not as the dimensions say; `position` is the level, 0 for the outermost. */
    APUS_FILL_BAD_NESTING
} apus_fill_status;

/* What was found where a leaf did not fit. */
typedef enum {
    APUS_FOUND_NULL = 1, APUS_FOUND_BOOL, APUS_FOUND_INTEGER, APUS_FOUND_FRACTION,
    APUS_FOUND_NONFINITE, APUS_FOUND_STRING, APUS_FOUND_ARRAY, APUS_FOUND_OBJECT
} apus_found;

typedef struct {
    apus_fill_status status;
    apus_found found;
    size_t position;
} apus_fill;

/* One string of a document or of the caller; not terminated. */
typedef struct {
    const uint8_t *base;
    size_t count;
} apus_json_text;

/* Fills `destination` with the leaves of the array at `index`: a flat array, or arrays nested
   exactly as the `rank` `dimensions` say. The product of the dimensions must be `count`, and
   `destination` must hold `count` elements (of `apus_json_text` when the type is APUS_STRING).

   Without loss: integers, 1.0 too, only where they fit; true, false, 0 and 1 for a bool; any number for a
   floating point type unless it is finite and would become infinite; null is NaN there. */
apus_fill apus_json_fill(
    apus_json_document document, size_t index, uint8_t element_type, const ptrdiff_t *dimensions,
    size_t rank, size_t count, void *destination);

/* The same for one leaf, an array's element or a member's value, at `index`. */
apus_fill apus_json_fill_one(
    apus_json_document document, size_t index, uint8_t element_type, void *destination);

/* Fills `destination` with the `count` numbers of the list that begins at `start` in `text`, behind its bracket.
   Another `APUS_JSON_PADDING` bytes behind the `byte_count` ones are readable. Returns the place of the closing bracket; -1
   when these are not plainly that many numbers, separated by commas, that the element type holds without loss: then
   what they are has to be found out by parsing, and what was written to `destination` means nothing. */
ptrdiff_t apus_json_fill_numbers(
    const uint8_t *text, size_t byte_count, size_t start, uint8_t element_type, size_t count, void *destination);

/* The same for a number or a bool given as text, as CSV has it: white space around it, a plus sign, "inf" and, for
   floating point, what stands for a missing value ("", "NaN", "NA" …) are taken. Not for APUS_STRING. */
apus_fill apus_text_fill_one(const uint8_t *text, size_t count, uint8_t element_type, void *destination);

/* Whether a text is well-formed UTF-8. */
bool apus_text_is_utf8(const uint8_t *text, size_t count);

/* How many elements the array at `index` has. */
size_t apus_json_array_count(apus_json_document document, size_t index);

/* How many words the value at `index` takes: no fewer than it has leaves. */
size_t apus_json_word_count(apus_json_document document, size_t index);

/* ---- Writing -------------------------------------------------------------------------------- */

/* The most bytes one number takes. */
#define APUS_JSON_NUMBER_LIMIT 32

typedef enum { APUS_NONFINITE_NULL, APUS_NONFINITE_TOKEN, APUS_NONFINITE_REFUSE } apus_nonfinite;

/* Writes `count` numbers (or bools) with commas between into `out`, which has room for
   `count * (APUS_JSON_NUMBER_LIMIT + 1)` bytes. Floating point is the shortest text that reads back
   as the same value of that type, with ".0" where it would look like an integer.
   Returns the bytes written; SIZE_MAX when a number is not finite and the policy refuses that. */
size_t apus_json_write_numbers(
    uint8_t *out, uint8_t element_type, const void *elements, size_t count, apus_nonfinite policy);

/* Writes one string with its quotes. `out` has room for `count * 6 + 2` bytes. Bytes that are not
   UTF-8 become U+FFFD, one for each maximal part (Unicode 15, 3.9). Returns the bytes written. */
size_t apus_json_write_string(uint8_t *out, const uint8_t *text, size_t count);

#ifdef __cplusplus
}
#endif

#endif
