/* Preloaded into `apus serve`: its children, which it starts by /proc/self/exe, run under callgrind.

   Valgrind could follow them by itself (--trace-children), but Debian 12's opens /proc/self/exe in its
   own process and finds itself. So the supervisor runs as it is, and only what is counted is slow.

   No option of callgrind that is a text is given: Valgrind keeps pointers into its arguments, and the
   children write their process titles over these. Results go to callgrind.out.PID in the working folder. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { most_arguments = 16 };

static char program[4096];
static const char *valgrind;

__attribute__((constructor)) static void remember(void) {
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length < 0 ? 0 : length] = 0;
    valgrind = getenv("BENCHMARKS_VALGRIND");
}

static int run_valgrind(char *const arguments[]) {
    char *all[most_arguments + 8] = {
        (char *)valgrind, "--tool=callgrind", "-q", "--instr-atstart=no",
        "--trace-children=yes", /* else vgdb does not reach a forked worker */
        program};
    for (int i = 1; i < most_arguments && arguments[i]; i++) all[i + 5] = arguments[i];
    return execv(valgrind, all);
}

int execvp(const char *file, char *const arguments[]) {
    if (valgrind && strcmp(file, "/proc/self/exe") == 0) return run_valgrind(arguments);
    int (*next)(const char *, char *const[]) =
        (int (*)(const char *, char *const[]))dlsym(RTLD_NEXT, "execvp");
    return next(file, arguments);
}
