#ifndef APUS_CLIBUV_SHIM_H
#define APUS_CLIBUV_SHIM_H

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

/* memfd_create(2), which the C library shows to GNU sources only; syscall(2) and fcntl(2) are variadic.
   Closed on exec; may be sealed. */
static inline int apus_memory_file_create(const char *name) {
    return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

/* F_ADD_SEALS with F_SEAL_SHRINK and F_SEAL_GROW, all three shown to GNU sources only (<bits/fcntl-linux.h>). */
static inline int apus_seal_size(int file) { return fcntl(file, 1033, 0x0002 | 0x0004); }

#endif
