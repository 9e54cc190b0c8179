#define _GNU_SOURCE
#include "apus_process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Where the kernel put the arguments and, right behind them, the environment. */
static struct {
    char *arguments;
    char *arguments_end;
    char *environment_end;
    int environment_moved;
} area;

/* Fields 48, 49 and 51 of /proc/self/stat: arg_start, arg_end, env_end (proc(5)). The second field is
   the name in parentheses, which may itself have spaces and parentheses: count from the last one. */
static int find_area(void) {
    if (area.arguments) return 0;
    char text[4096];
    FILE *file = fopen("/proc/self/stat", "re");
    if (!file) return -1;
    size_t count = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[count] = 0;
    char *field = strrchr(text, ')');
    unsigned long long values[52] = {0};
    for (int number = 3; field && number < 52; number++) {
        field = strchr(field + 1, ' ');
        if (field) values[number] = strtoull(field + 1, NULL, 10);
    }
    if (!field || values[48] == 0 || values[49] <= values[48]) {
        errno = ENOTSUP;
        return -1;
    }
    area.arguments = (char *)values[48];
    area.arguments_end = (char *)values[49];
    area.environment_end = (char *)(values[51] > values[49] ? values[51] : values[49]);
    return 0;
}

/* The environment's strings go to the heap, once, so that their old place can be written over. */
static int move_environment(void) {
    if (area.environment_moved) return 0;
    size_t count = 0;
    while (environ && environ[count]) count++;
    char **moved = calloc(count + 1, sizeof *moved);
    if (!moved) return -1;
    for (size_t i = 0; i < count; i++) {
        moved[i] = strdup(environ[i]);
        if (!moved[i]) return -1;
    }
    environ = moved;
    area.environment_moved = 1;
    return 0;
}

int apus_set_title(const char *title) {
    prctl(PR_SET_NAME, title, 0, 0, 0);
    if (find_area() < 0) return -1;
    size_t length = strlen(title);
    size_t room = (size_t)(area.arguments_end - area.arguments);
    /* The kernel shows the arguments as they lie; when their last byte is not zero it takes them for a
       title that goes on into the environment, up to the first zero (fs/proc/base.c, get_mm_cmdline). */
    if (length >= room) {
        if (move_environment() < 0) return -1;
        room = (size_t)(area.environment_end - area.arguments);
        if (length >= room) length = room - 1;
    }
    char *end = area.environment_moved ? area.environment_end : area.arguments_end;
    memcpy(area.arguments, title, length);
    memset(area.arguments + length, 0, (size_t)(end - area.arguments) - length);
    return 0;
}
