/* What `--wrap=swift_retain` and `--wrap=swift_release` put in the place of the Swift runtime's functions: its own ones
 * for programs of one thread. A jump and nothing else, since those functions keep more registers than C's rules ask. */

#if defined(__x86_64__)
#define JUMP "jmp "
#define FUNCTION "@PLT"
#elif defined(__aarch64__)
#define JUMP "b "
#define FUNCTION ""
#else
#error "no jump for this processor"
#endif

#define PUT(NAME)                                                                                                 \
    __asm__(".text\n.globl __wrap_swift_" #NAME "\n.type __wrap_swift_" #NAME ", %function\n"                     \
            "__wrap_swift_" #NAME ":\n" JUMP "swift_nonatomic_" #NAME FUNCTION "\n"                               \
            ".size __wrap_swift_" #NAME ", . - __wrap_swift_" #NAME "\n")

PUT(retain);
PUT(release);
