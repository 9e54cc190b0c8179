#ifndef APUS_PROCESS_H
#define APUS_PROCESS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What Swift cannot call or should not do itself around processes: fork (the importer hides it),
   variadic prctl, macros of control messages. No policy here. Unless said otherwise a function gives
   -1 and sets errno when it fails. */

/* fork(2). The caller makes sure that the process has one thread. */
pid_t apus_fork(void);

/* How many threads this process has: the entries of /proc/self/task. */
int apus_thread_count(void);

/* This process gets `signal` when its parent ends (prctl(2), PR_SET_PDEATHSIG). Cleared by fork. */
int apus_signal_on_parent_death(int signal);

/* Orphaned descendants become children of this process (prctl(2), PR_SET_CHILD_SUBREAPER). */
int apus_become_subreaper(void);

/* Shows `title` in `ps` and, cut to 15 bytes, as the process's short name. Writes over the arguments
   in place (and over the environment, which is moved first, when it needs the room); a title that
   finds no room is cut. argv must not be read afterwards. */
int apus_set_title(const char *title);

/* Closes every descriptor from `first` on (close_range(2)). */
int apus_close_from(int first);

/* No descriptor from `first` on reaches a program that this process starts, unless it is handed over
   (close_range(2), CLOSE_RANGE_CLOEXEC). */
int apus_close_at_exec_from(int first);

/* Default actions for SIGCHLD, nothing blocked, and the signals that a terminal or an operator sends
   to a whole group ignored: these processes take their orders from a socket. */
int apus_take_orders_by_socket(void);

/* sendmsg(2) of all `count` bytes; `descriptor` goes with the first of them unless it is -1. Waits when
   the socket is full. */
int apus_send(int socket, const void *bytes, size_t count, int descriptor);

/* recvmsg(2) that does not wait: what is there, at most `count` bytes. `*descriptor` becomes the one that was passed
   with them, closed on exec, or -1; of several all but the first are closed. */
ssize_t apus_receive(int socket, void *memory, size_t count, int *descriptor);

/* accept4(2) and pipe2(2), which the importer does not see: closed on exec; the accepted socket does not
   wait. */
int apus_accept(int socket);
int apus_pipe(int ends[2]);

/* poll(2) with nanoseconds, without end when they are negative. A signal that is handled gives 0. */
int apus_poll(struct pollfd *descriptors, size_t count, int64_t timeout_nanoseconds);

/* A process runs only when no other wants the processor (sched(7), SCHED_IDLE), or as processes usually do. */
int apus_set_idle(pid_t process, int is_idle);

/* 1 when a process that was made idle could be made a usual one again, which needs CAP_SYS_NICE or RLIMIT_NICE; else 0.
   A child tries. */
int apus_can_end_idle(void);

/* Lets a process run on these processors only (sched_setaffinity(2)). */
int apus_keep_on(pid_t process, const int *processors, size_t count);

/* Whether some process has this file, opened for reading only, open for writing (fcntl(2), F_SETLEASE: a
   read lease is refused then). -1 where the kernel does not tell: the file is another user's, or on a network.
   SIGIO must be ignored: it is what the kernel sends when a writer comes while we look. */
int apus_has_writer(int file);

/* Makes `to` share the blocks of `from`, where the file system can (ioctl_ficlone(2)). */
int apus_clone_file(int to, int from);

/* A new file in memory of `byte_count` zeroes (memfd_create(2)), closed on exec. */
int apus_memory_file(const char *name, size_t byte_count);

/* Maps such a file, shared. Null when it fails. */
void *apus_map_shared(int descriptor, size_t byte_count);

/* Whether a file is one in memory that can neither shrink nor grow any more (fcntl(2), F_GET_SEALS): mapped, it
   is readable to its end. */
int apus_has_fixed_size(int descriptor);

/* Maps a file to be read. Null when it fails. */
const void *apus_map_readable(int descriptor, size_t byte_count);

#endif
